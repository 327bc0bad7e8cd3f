import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { organizationAccess } from '../../mesh/policy/graph-access.ts';
import { methodPolicy } from '../../mesh/policy/method-policy.ts';
import { type CallContext, requirePrincipal } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import type { CallLimits } from '../engine/graph-engine.ts';

/**
 * Checks that a call is for this process's graph, by one of its organization or, where it is a shared repository and
 * the method only reads, by a subscriber. The edge has checked it before. Throws GRAPH_NOT_FOUND or PERMISSION_DENIED.
 */
export function requireGraph(
  graph: Pick<EngineGraph, 'graphId' | 'organizationId' | 'repository'>,
  graphId: string,
  context: CallContext,
): void {
  const access = organizationAccess(requirePrincipal(context), graph);
  const isNamed = graphId === graph.graphId || (graphId !== '' && graphId === graph.repository);
  if (!isNamed || access === 'none') throw rpcError(ErrorReason.GRAPH_NOT_FOUND, 'no graph with this id');
  if (access === 'own') return;
  const { permission } = methodPolicy(context.method);
  if (permission === Permission.GRAPH_READ) return;
  const name = Permission[permission] ?? '';
  throw rpcError(ErrorReason.PERMISSION_DENIED, 'a shared repository is only read by its subscribers', {
    metadata: { permission: name },
  });
}

/** Until when a call may run: the least of its own wish, its deadline and what the tier allows. */
export function toLimits(
  { tier }: Pick<EngineGraph, 'tier'>,
  timeoutMs: number,
  { deadlineMs, signal }: CallContext,
): CallLimits {
  const allowedMs = timeoutMs > 0 ? Math.min(timeoutMs, tier.queryTimeoutMs) : tier.queryTimeoutMs;
  return { deadlineMs: Math.min(Date.now() + allowedMs, deadlineMs ?? Number.POSITIVE_INFINITY), signal };
}

/** Names the state after so many commits of this opening of the graph. */
export function toRevision({ epoch }: Pick<EngineGraph, 'epoch'>, commits: number): string {
  return `${epoch}.${commits}`;
}

/** Refuses to read a state older than a revision of an earlier answer. */
export function requireRevision(graph: Pick<EngineGraph, 'epoch' | 'engine'>, atLeast: string): void {
  if (atLeast === '') return;
  const match = /^(\d{1,20})\.(\d{1,16})$/.exec(atLeast);
  if (!match) {
    const violations = [{ field: 'at_least_revision', description: 'must be the revision of an answer' }];
    throw rpcError(ErrorReason.INVALID_REQUEST, 'at_least_revision is not a revision', { violations });
  }
  const epoch = BigInt(match[1] ?? '');
  // Every opening starts with all that was acknowledged before.
  const isReached =
    epoch < graph.epoch || (epoch === graph.epoch && Number(match[2]) <= graph.engine.commits);
  if (isReached) return;
  const revision = toRevision(graph, graph.engine.commits);
  throw rpcError(ErrorReason.REVISION_NOT_REACHED, 'the graph has not reached this revision', {
    metadata: { revision },
  });
}
