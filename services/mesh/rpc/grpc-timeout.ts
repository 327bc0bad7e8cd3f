import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from './error.ts';

const pattern = /^(\d{1,8})([HMSmun])$/;

const unitMs: Readonly<Record<string, number>> = {
  H: 3_600_000,
  M: 60_000,
  S: 1_000,
  m: 1,
  u: 1e-3,
  n: 1e-6,
};

/** The milliseconds of `grpc-timeout`. Throws INVALID_REQUEST. */
export function parseGrpcTimeout(value: string): number {
  const [, digits, unit = ''] = pattern.exec(value) ?? [];
  if (digits !== undefined) return Number(digits) * (unitMs[unit] ?? 0);
  const description = 'must be at most 8 digits and a unit of H M S m u n';
  throw rpcError(ErrorReason.INVALID_REQUEST, `grpc-timeout ${description}`, {
    violations: [{ field: 'grpc-timeout', description }],
  });
}

/** Eight digits of milliseconds are a day; what lies beyond is told in seconds. */
const digitsMax = 99_999_999;

/** The `grpc-timeout` of a call that ends at this time. */
export function toGrpcTimeout(deadlineMs: number): string {
  const leftMs = Math.max(1, Math.ceil(deadlineMs - Date.now()));
  return leftMs <= digitsMax ? `${leftMs}m` : `${Math.min(Math.ceil(leftMs / 1000), digitsMax)}S`;
}
