import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';

const connectPattern = /^\d{1,10}$/;
const restPattern = /^\d{1,6}(?:\.\d{1,3})?$/;

/** The milliseconds of `connect-timeout-ms`. Throws INVALID_REQUEST. */
export function parseConnectTimeout(value: string): number {
  if (!connectPattern.test(value)) throw invalid('connect-timeout-ms', 'must be at most 10 digits');
  return Number(value);
}

/** The milliseconds of `X-Request-Timeout`, which is in seconds. Throws INVALID_REQUEST. */
export function parseRestTimeout(value: string): number {
  if (!restPattern.test(value)) throw invalid('X-Request-Timeout', 'must be seconds, such as 30 or 0.5');
  return Number(value) * 1000;
}

function invalid(field: string, description: string) {
  return rpcError(ErrorReason.INVALID_REQUEST, `${field} ${description}`, {
    violations: [{ field, description }],
  });
}
