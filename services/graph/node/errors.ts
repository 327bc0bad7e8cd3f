import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

const retryAfterMs = 1_000;

export function noSlot(): RpcError {
  return rpcError(ErrorReason.NO_CAPACITY, 'all slots of the graph node serve calls', { retryAfterMs });
}

export function nodeDraining(): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the graph node is shutting down', { retryAfterMs });
}

export function openingEnded(): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, 'the graph was closed while it was opened', { retryAfterMs });
}

/** The graph failed to open so often in a row that it is left alone for a while. */
export function engineBroken(failures: number, coolDownMs: number): RpcError {
  const message = `the graph failed to open ${failures} times in a row; it is tried again later`;
  return rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs: coolDownMs });
}
