import type { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { planIncludesTier, type TierTable } from '../../mesh/plan/tier-table.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toGraph } from '../domain/graph-message.ts';
import {
  graphLimitReached,
  graphNotActive,
  graphNotFound,
  invalidField,
  subgraphLimitReached,
  tierNotAllowed,
  tierNotOffered,
} from '../errors.ts';
import type { GraphCreator } from '../placement/graph-creator.ts';
import type { GraphRoom, SqlGraphStore } from '../store/graph-store.ts';
import { requireOwnGraph } from './own-graph.ts';

export interface CreateGraphDeps {
  readonly graphs: SqlGraphStore;
  readonly creator: GraphCreator;
  readonly tiers: TierTable;
}

/** Creates a graph of the plan, or a subgraph of one that there is. */
export function createGraph({
  graphs,
  creator,
  tiers,
}: CreateGraphDeps): Handler<typeof CatalogService.method.createGraph> {
  return async ({ displayName, tier: wantedTier, parentGraphId: wantedParent }, context) => {
    const principal = requirePrincipal(context);
    const { organizationId } = principal;
    const plan = tiers.findPlan(principal.plan);
    if (!plan) throw new Error(`no plan ${principal.plan}`);
    const parent =
      wantedParent === ''
        ? undefined
        : requireOwnGraph(principal, await graphs.find(wantedParent), 'GRAPH_CREATE');
    if (parent && parent.parentGraphId !== '')
      throw invalidField('parent_graph_id', 'must not be a subgraph');
    if (parent && wantedTier !== '' && wantedTier !== parent.tier)
      throw invalidField('tier', `must be that of the parent, ${parent.tier}, or empty`);
    const tierId = parent?.tier ?? (wantedTier || 'standard');
    const tier = tiers.findTier(tierId);
    // The repositories' tier is in no plan; that it has no subgraphs is said below.
    if (!parent?.repository && !planIncludesTier(plan, tierId)) throw tierNotAllowed(tierId, plan.id);
    if (!tier) throw tierNotOffered(tierId, tiers.environment);
    const parentGraphId = parent?.graphId ?? '';
    const room: GraphRoom = parent
      ? { kind: 'parent', subgraphsMax: tier.subgraphsMax }
      : { kind: 'plan', graphsMax: plan.graphsMax };
    const fresh = { organizationId, displayName, tier: tierId, parentGraphId, repository: '' };
    const creation = await creator.create(fresh, room);
    if (creation.kind === 'opened') return { graph: toGraph(creation.graph) };
    if (creation.kind === 'no-parent') throw graphNotFound();
    if (creation.kind === 'parent-not-ready') throw graphNotActive(creation.stage);
    if (creation.kind === 'repository-exists')
      throw new Error('a graph without public name met a repository');
    if (parent) throw subgraphLimitReached(tier, parentGraphId);
    throw graphLimitReached(plan.id, plan.graphsMax, organizationId);
  };
}
