import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { GraphRecord } from './graph-record.ts';

/** True where the principal may know of the graph: its organization's, and within a restricted credential's list. */
export function isVisible(principal: Principal, record: GraphRecord): boolean {
  const { organizationId, graphIds } = principal;
  if (record.organizationId !== organizationId) return false;
  return graphIds.length === 0 || graphIds.includes(record.graphId);
}
