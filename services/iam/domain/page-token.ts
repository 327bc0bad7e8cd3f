/** Where a page of API keys ends: the last key on it. */
export interface PagePosition {
  readonly createTime: Date;
  readonly apiKeyId: string;
}

/** A position as the opaque token that clients carry. */
export function toPageToken({ createTime, apiKeyId }: PagePosition): string {
  return Buffer.from(`${createTime.getTime()}.${apiKeyId}`).toString('base64url');
}

/** The position of a token; undefined where it is none of ours. */
export function fromPageToken(token: string): PagePosition | undefined {
  const text = Buffer.from(token, 'base64url').toString();
  const [, time, apiKeyId] = /^(\d{1,15})\.([0-9A-Za-z]{12})$/.exec(text) ?? [];
  if (!time || !apiKeyId) return undefined;
  const position = { createTime: new Date(Number(time)), apiKeyId };
  return toPageToken(position) === token ? position : undefined;
}
