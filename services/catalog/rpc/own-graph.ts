import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { graphAccess } from '../../mesh/policy/graph-access.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { graphNotFound, permissionDenied } from '../errors.ts';

/**
 * The graph, which must be the caller's own. Throws GRAPH_NOT_FOUND where the caller may not know of it, and
 * PERMISSION_DENIED for a shared repository, which its subscribers only read.
 */
export function requireOwnGraph(
  principal: Principal,
  record: GraphRecord | undefined,
  permission: 'GRAPH_ADMIN' | 'GRAPH_CREATE',
): GraphRecord {
  const access = record ? graphAccess(principal, record) : 'none';
  if (!record || access === 'none') throw graphNotFound();
  if (access === 'read') throw permissionDenied(permission);
  return record;
}
