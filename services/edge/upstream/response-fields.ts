import type { Fields } from '../listener/exchange.ts';

/** Fields that say something of one hop, or that every hop says for itself. */
const hopFields = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'date',
  'host',
  'keep-alive',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

const none: Fields = [];

/** A service's own metadata among the fields of its answer, in order, repeated ones apart. */
export function customFields(raw: Fields): Fields {
  let custom: string[] | undefined;
  for (let i = 0; i + 1 < raw.length; i += 2) {
    const name = raw[i] as string;
    if (isReserved(name)) continue;
    custom ??= [];
    custom.push(name, raw[i + 1] as string);
  }
  return custom ?? none;
}

function isReserved(name: string): boolean {
  return (
    name.charCodeAt(0) === 58 || // A colon.
    name.startsWith('grpc-') ||
    name.startsWith('x-trellis-') ||
    hopFields.has(name)
  );
}

/** The value of a field; of repeated ones the last. */
export function fieldOf(fields: Fields, name: string): string | undefined {
  for (let i = fields.length - 2; i >= 0; i -= 2) if (fields[i] === name) return fields[i + 1];
  return undefined;
}

/** True for the content types of gRPC with protobuf, which is what was asked for. */
export function isGrpc(contentType: string | undefined): boolean {
  return contentType !== undefined && /^application\/grpc(?:\+proto)?(?:$|[; ])/.test(contentType);
}
