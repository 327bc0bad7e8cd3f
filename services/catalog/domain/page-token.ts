/** Where a page of graphs begins: behind this one. */
export interface PagePosition {
  readonly createTime: Date;
  readonly graphId: string;
}

const pattern = /^(\d{1,15}) ([A-Za-z0-9_]{1,64})$/;

/** The position as the opaque token of a list. */
export function toPageToken({ createTime, graphId }: PagePosition): string {
  return Buffer.from(`${createTime.getTime()} ${graphId}`).toString('base64url');
}

/** The position of a token; undefined where the text is none. */
export function parsePageToken(token: string): PagePosition | undefined {
  const [, timeMs, graphId] = pattern.exec(Buffer.from(token, 'base64url').toString('utf8')) ?? [];
  if (!timeMs || !graphId) return undefined;
  const position = { createTime: new Date(Number(timeMs)), graphId };
  return toPageToken(position) === token ? position : undefined;
}
