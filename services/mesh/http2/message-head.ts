import { errorCode, StreamError } from './frame.ts';
import type { Fields } from './stream.ts';

/** True for a field that speaks of one connection, which HTTP/2 has no use for (RFC 9113, section 8.2.2). */
export function isConnectionField(name: string, value: string): boolean {
  switch (name.length) {
    case 2:
      return name === 'te' && value.toLowerCase() !== 'trailers';
    case 7:
      return name === 'upgrade';
    case 10:
      return name === 'connection' || name === 'keep-alive';
    case 16:
      return name === 'proxy-connection';
    case 17:
      return name === 'transfer-encoding';
    default:
      return false;
  }
}

/** What `content-length` says, and said before where it is there twice. Throws StreamError. */
export function readLength(value: string, before: number | undefined): number {
  const length = Number(value);
  if (/^\d{1,15}$/.test(value) && (before === undefined || before === length)) return length;
  throw new StreamError(errorCode.protocolError, 'a malformed content-length');
}

/** True where there are pseudo-header fields, which trailers must not have. */
export function hasPseudoFields(fields: Fields): boolean {
  for (let index = 0; index < fields.length; index += 2) {
    if ((fields[index] as string).startsWith(':')) return true;
  }
  return false;
}
