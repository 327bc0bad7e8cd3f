import { errorCode, StreamError } from './frame.ts';
import { isConnectionField, readLength } from './message-head.ts';
import type { Fields } from './stream.ts';

const method = 1;
const scheme = 2;
const authority = 4;
const path = 8;
const colon = 58;

/**
 * Checks the head of a request (RFC 9113, section 8.3) and gives the length that it announces for its body; undefined
 * where it does not. Throws StreamError. CONNECT, which nobody here serves, is malformed too.
 */
export function readRequestHead(fields: Fields, isWhole: boolean): number | undefined {
  let length: number | undefined;
  let host: string | undefined;
  let target: string | undefined;
  let seen = 0;
  let isPastPseudo = false;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    if (name.charCodeAt(0) === colon) {
      const bit = pseudoBit(name, value);
      if (isPastPseudo || bit === 0 || (seen & bit) !== 0) throw malformed(name);
      seen |= bit;
      if (bit === authority) target = value;
    } else {
      isPastPseudo = true;
      if (isConnectionField(name, value)) throw malformed(name);
      if (name === 'content-length') length = readLength(value, length);
      else if (name === 'host') host = value;
    }
  }
  if ((seen & (method | scheme | path)) !== (method | scheme | path)) throw malformed('head');
  if (isWhole && length) throw malformed('content-length');
  // Whoever looks at one of them must not be told another one than whoever looks at the other.
  if (host !== undefined && target !== undefined && host.toLowerCase() !== target.toLowerCase())
    throw malformed('host');
  return length;
}

/** Which pseudo-header field this is; 0 for none, and for a value that it must not have. */
function pseudoBit(name: string, value: string): number {
  switch (name) {
    case ':method':
      return value === '' ? 0 : method;
    case ':scheme':
      return value === '' ? 0 : scheme;
    case ':authority':
      return value.includes('@') ? 0 : authority;
    case ':path':
      return value.charCodeAt(0) === 47 || value === '*' ? path : 0;
    default:
      return 0;
  }
}

function malformed(name: string): StreamError {
  return new StreamError(errorCode.protocolError, `a malformed ${name}`);
}
