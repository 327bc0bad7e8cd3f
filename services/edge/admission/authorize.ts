import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { type MethodPolicy, Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { type AccessedGraph, graphAccess } from '../../mesh/policy/graph-access.ts';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

/** Throws PERMISSION_DENIED where the principal lacks what the method's policy wants. */
export function authorize(policy: MethodPolicy, principal: Principal): void {
  const { permission } = policy;
  if (permission === Permission.UNSPECIFIED || principal.permissions.includes(permission)) return;
  throw permissionDenied(permission);
}

/**
 * Throws where a principal may not make a call of a graph: GRAPH_NOT_FOUND where it may not know of it, and
 * PERMISSION_DENIED where it only reads, as a subscriber of a shared repository, and the method's policy wants more.
 */
export function authorizeGraph(
  { permission }: MethodPolicy,
  principal: Principal,
  graph: AccessedGraph,
): void {
  const access = graphAccess(principal, graph);
  if (access === 'none') throw graphNotFound();
  if (access === 'read' && permission !== Permission.GRAPH_READ) throw permissionDenied(permission);
}

function permissionDenied(permission: Permission): RpcError {
  const name = Permission[permission] ?? '';
  return rpcError(ErrorReason.PERMISSION_DENIED, `this needs the permission ${name}`, {
    metadata: { permission: name },
  });
}

/** The answer for a graph that is missing, and for one that the caller may not know of: the same. */
export function graphNotFound(): RpcError {
  return rpcError(ErrorReason.GRAPH_NOT_FOUND, 'no such graph');
}
