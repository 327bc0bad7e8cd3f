import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { type MethodPolicy, Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { type RpcError, rpcError } from '../../mesh/rpc/error.ts';

/** Throws PERMISSION_DENIED where the principal lacks what the method's policy wants. */
export function authorize(policy: MethodPolicy, principal: Principal): void {
  const { permission } = policy;
  if (permission === Permission.UNSPECIFIED || principal.permissions.includes(permission)) return;
  const name = Permission[permission] ?? '';
  throw rpcError(ErrorReason.PERMISSION_DENIED, `this needs the permission ${name}`, {
    metadata: { permission: name },
  });
}

/** True where the principal may know that the graph exists. */
export function maySeeGraph(principal: Principal, graphId: string, organizationId: string): boolean {
  if (principal.organizationId !== organizationId) return false;
  return principal.graphIds.length === 0 || principal.graphIds.includes(graphId);
}

/** The answer for a graph that is missing, and for one that the caller may not know of: the same. */
export function graphNotFound(): RpcError {
  return rpcError(ErrorReason.GRAPH_NOT_FOUND, 'no such graph');
}
