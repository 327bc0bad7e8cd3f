import { errorCode, StreamError } from './frame.ts';
import type { Fields } from './stream.ts';

/** Fields that speak of one connection, which HTTP/2 has no use for (RFC 9113, section 8.2.2). */
const connectionFields = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
]);
const pseudoFields = new Set([':method', ':scheme', ':authority', ':path']);

/**
 * Checks the head of a request (RFC 9113, section 8.3) and gives the length that it announces for its body; undefined
 * where it does not. Throws StreamError.
 */
export function readRequestHead(fields: Fields, isWhole: boolean): number | undefined {
  let length: number | undefined;
  let isPastPseudo = false;
  let seen = '';
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    if (name.charCodeAt(0) === 58) {
      if (isPastPseudo || !pseudoFields.has(name) || seen.includes(`${name} `)) throw malformed(name);
      seen += `${name} `;
      if (value === '' && name !== ':authority') throw malformed(name);
    } else {
      isPastPseudo = true;
      if (connectionFields.has(name) || (name === 'te' && value.toLowerCase() !== 'trailers'))
        throw malformed(name);
      if (name === 'content-length') length = readLength(value, length);
    }
  }
  if (!seen.includes(':method ') || !seen.includes(':scheme ') || !seen.includes(':path '))
    throw malformed('head');
  if (isWhole && length) throw malformed('content-length');
  return length;
}

function readLength(value: string, before: number | undefined): number {
  const length = Number(value);
  if (!/^\d{1,15}$/.test(value) || (before !== undefined && before !== length))
    throw malformed('content-length');
  return length;
}

function malformed(name: string): StreamError {
  return new StreamError(errorCode.protocolError, `a malformed ${name}`);
}
