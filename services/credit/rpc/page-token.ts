import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';

/** The largest sequence there can be. */
const sequenceMax = 2n ** 63n - 1n;

/** The token of the page that comes after this transfer. Opaque to clients. */
export function toPageToken(sequence: bigint): string {
  return Buffer.from(`transfers:${sequence}`).toString('base64url');
}

/** The sequence that a page comes after; undefined for the first. Throws INVALID_REQUEST for a token not of ours. */
export function fromPageToken(token: string): bigint | undefined {
  if (token === '') return undefined;
  const digits = /^transfers:([1-9]\d{0,18})$/.exec(Buffer.from(token, 'base64url').toString())?.[1];
  const sequence = digits === undefined ? undefined : BigInt(digits);
  if (sequence !== undefined && sequence <= sequenceMax && toPageToken(sequence) === token) return sequence;
  throw rpcError(ErrorReason.INVALID_REQUEST, 'the page token is not one of this method', {
    violations: [{ field: 'page_token', description: 'must be the next_page_token of the page before' }],
  });
}
