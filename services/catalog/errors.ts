import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import type { Tier } from '../mesh/plan/tier-table.ts';
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

export function subgraphLimitReached({ id: tier, subgraphsMax }: Tier, parentGraphId: string): RpcError {
  const message = `the tier ${tier} allows ${subgraphsMax} subgraphs of a graph`;
  return rpcError(ErrorReason.SUBGRAPH_LIMIT_REACHED, message, {
    metadata: { tier, limit: String(subgraphsMax) },
    quota: { subject: parentGraphId, description: message },
  });
}

export function graphHasSubgraphs(count: number): RpcError {
  const message = `the graph has ${count} subgraphs, which must be deleted first`;
  return rpcError(ErrorReason.GRAPH_HAS_SUBGRAPHS, message, { metadata: { subgraphs: String(count) } });
}

export function tierNotOffered(tier: string, environment: string): RpcError {
  const message = `the tier ${tier} is not offered in ${environment}`;
  return rpcError(ErrorReason.TIER_NOT_OFFERED, message, { metadata: { tier, environment } });
}

export function repositoryNotFound(repository: string): RpcError {
  const message = 'there is no shared repository with this name';
  return rpcError(ErrorReason.REPOSITORY_NOT_FOUND, message, { metadata: { repository } });
}

export function repositoryExists(repository: string): RpcError {
  const message = `the shared repository ${repository} has been created already`;
  return rpcError(ErrorReason.REPOSITORY_EXISTS, message, { metadata: { repository } });
}

/** Subscribers of a shared repository may know of it, and only read it. */
export function permissionDenied(permission: string): RpcError {
  const message = `this needs the permission ${permission} on the graph`;
  return rpcError(ErrorReason.PERMISSION_DENIED, message, { metadata: { permission } });
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

/** What a node says that its catalog's caller may hear as it is. */
const passedOn: ReadonlySet<ErrorReason> = new Set([
  ErrorReason.NO_CAPACITY,
  ErrorReason.TIER_NOT_OFFERED,
  ErrorReason.INTERNAL,
]);

/** What a node answered to OpenGraph, as our own caller may see it. */
export function fromNodeError(error: unknown): RpcError {
  if (!(error instanceof RpcError)) throw error;
  if (connectionLoss(error)) return nodeAway(error);
  if (passedOn.has(error.reason)) return error;
  if (error.reason === ErrorReason.UNAVAILABLE && error.retryAfterMs !== undefined) return error;
  return unavailable("the graph's node did not open it in time", error);
}
