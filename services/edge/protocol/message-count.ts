import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { takesStream } from '../../mesh/rpc/service.ts';
import type { PublicMethod } from '../method-table.ts';

/** Throws MESSAGE_COUNT_INVALID: a method that takes one message takes exactly one. */
export function checkCount({ desc }: PublicMethod, messages: number, isComplete: boolean): void {
  if (messages === 1 || takesStream(desc) || (messages === 0 && !isComplete)) return;
  const message = `the method takes one message, ${messages === 0 ? 'none' : 'more than one'} came`;
  throw rpcError(ErrorReason.MESSAGE_COUNT_INVALID, message);
}
