import { create } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { type Graph, GraphSchema, GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { type Placement, PlacementSchema } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { type Repository, RepositorySchema } from '../../../gen/trellis/graph/v1/repository_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { SharedRepository } from '../../mesh/plan/tier-table.ts';
import type { GraphRecord } from './graph-record.ts';

/** Where a graph is in its life. */
export function toGraphState({ stage, isOpen }: Pick<GraphRecord, 'stage' | 'isOpen'>): GraphState {
  if (stage === 'creating') return GraphState.CREATING;
  if (stage === 'deleting') return GraphState.DELETING;
  return isOpen ? GraphState.ACTIVE : GraphState.SLEEPING;
}

/** A graph as its owner sees it. */
export function toGraph(record: GraphRecord): Graph {
  return create(GraphSchema, {
    graphId: record.graphId,
    displayName: record.displayName,
    tier: record.tier,
    state: toGraphState(record),
    createTime: timestampFromDate(record.createTime),
    parentGraphId: record.parentGraphId,
    repository: record.repository,
  });
}

/** A shared repository as a caller sees it. One that the file of tiers does not name any more keeps its name. */
export function toRepository(
  record: GraphRecord,
  described: SharedRepository | undefined,
  { repositories }: Principal,
): Repository {
  return create(RepositorySchema, {
    repository: record.repository,
    displayName: described?.displayName ?? record.displayName,
    description: described?.description ?? '',
    state: toGraphState(record),
    createTime: timestampFromDate(record.createTime),
    subscribed: repositories.includes(record.repository),
  });
}

/** Where a graph is served, as edges learn it. Its epoch never goes back. */
export function toPlacement(record: GraphRecord): Placement {
  const state = toGraphState(record);
  return create(PlacementSchema, {
    graphId: record.graphId,
    organizationId: record.organizationId,
    state,
    endpoint: state === GraphState.ACTIVE ? record.endpoint : '',
    epoch: record.epoch,
    tier: record.tier,
    parentGraphId: record.parentGraphId,
    repository: record.repository,
  });
}

/** What edges learn of a graph that is gone. */
export function toGonePlacement({ graphId, organizationId, tier, repository }: GraphRecord): Placement {
  return create(PlacementSchema, {
    graphId,
    organizationId,
    tier,
    repository,
    state: GraphState.DELETING,
  });
}
