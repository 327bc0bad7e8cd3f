import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from './error.ts';

/** Timers may fire this much early. */
const timerSlackMs = 5;

/** What ended a call from outside, where something did: then that is its error, whatever else went wrong. */
export function callEnd(call: {
  readonly signal: AbortSignal;
  readonly deadlineMs: number | undefined;
}): RpcError | undefined {
  if (!call.signal.aborted) return undefined;
  return call.deadlineMs !== undefined && Date.now() >= call.deadlineMs - timerSlackMs
    ? rpcError(ErrorReason.DEADLINE_EXCEEDED, "the call's deadline passed")
    : rpcError(ErrorReason.CANCELLED, 'the caller gave up');
}
