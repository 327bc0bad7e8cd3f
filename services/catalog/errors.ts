import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { RpcError, rpcError } from '../mesh/rpc/error.ts';
import { connectionLoss } from '../mesh/rpc/status.ts';

/** When a caller that was told UNAVAILABLE may try again. */
const retryAfterMs = 1_000;

/** The one answer for graphs that are missing and for those that the caller may not know of. */
export function graphNotFound(): RpcError {
  return rpcError(ErrorReason.GRAPH_NOT_FOUND, 'no such graph');
}

export function graphNotActive(state: 'creating' | 'deleting'): RpcError {
  return rpcError(ErrorReason.GRAPH_NOT_ACTIVE, `the graph is ${state}`, { metadata: { state } });
}

export function graphLimitReached(plan: string, limit: number, organizationId: string): RpcError {
  const message = `the plan ${plan} allows ${limit} graphs`;
  return rpcError(ErrorReason.GRAPH_LIMIT_REACHED, message, {
    metadata: { plan, limit: String(limit) },
    quota: { subject: organizationId, description: message },
  });
}

export function tierNotAllowed(tier: string, plan: string): RpcError {
  const message = `the plan ${plan} does not include the tier ${tier}`;
  return rpcError(ErrorReason.TIER_NOT_ALLOWED, message, { metadata: { tier, plan } });
}

export function noCapacity(tier: string): RpcError {
  const message = `no graph node takes graphs of the tier ${tier} just now`;
  return rpcError(ErrorReason.NO_CAPACITY, message, { retryAfterMs });
}

export function invalidField(field: string, description: string): RpcError {
  const violations = [{ field, description }];
  return rpcError(ErrorReason.INVALID_REQUEST, `the request is not valid: ${field}: ${description}`, {
    violations,
  });
}

export function unavailable(message: string, cause?: unknown): RpcError {
  return rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs, cause });
}

/** The node of a graph cannot be reached; it may come back any moment. */
export function nodeAway(cause?: unknown): RpcError {
  const message = "the graph's node is away just now";
  return rpcError(ErrorReason.UNAVAILABLE, message, { retryAfterMs, metadata: { node: 'away' }, cause });
}

export function isNodeAway(error: unknown): error is RpcError {
  return error instanceof RpcError && error.metadata.node === 'away';
}

/** What a node answered to OpenGraph, as our own caller may see it. */
export function fromNodeError(error: unknown): RpcError {
  if (!(error instanceof RpcError)) throw error;
  if (connectionLoss(error)) return nodeAway(error);
  if (error.reason === ErrorReason.NO_CAPACITY || error.reason === ErrorReason.INTERNAL) return error;
  if (error.reason === ErrorReason.UNAVAILABLE && error.retryAfterMs !== undefined) return error;
  return unavailable("the graph's node did not open it in time", error);
}
