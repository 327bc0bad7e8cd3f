import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

const retryAfterMs = 1_000;

export function noSlot(slots: number, tier: string): RpcError {
  const message = `all ${slots} graphs that the graph node may hold open serve calls`;
  return rpcError(ErrorReason.NO_CAPACITY, message, {
    metadata: { limit: String(slots), tier },
    retryAfterMs,
  });
}

/** The tier is not one of the file of tiers in this node's environment. */
export function tierNotOffered(tier: string, environment: string): RpcError {
  const message = `the tier ${tier} is not offered in ${environment}`;
  return rpcError(ErrorReason.TIER_NOT_OFFERED, message, { metadata: { tier, environment } });
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
