import type { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import type { IdGenerator } from '../../mesh/id/id.ts';
import { findPlan, findTier, planIncludesTier } from '../../mesh/plan/plans.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toGraph } from '../domain/graph-message.ts';
import { graphLimitReached, noCapacity, tierNotAllowed } from '../errors.ts';
import type { GraphOpener } from '../placement/graph-opener.ts';
import type { GraphRemover } from '../placement/graph-remover.ts';
import type { PlacementView } from '../placement/placement-view.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';

export interface CreateGraphDeps {
  readonly graphs: SqlGraphStore;
  readonly view: PlacementView;
  readonly opener: GraphOpener;
  readonly remover: GraphRemover;
  readonly newId: IdGenerator;
  readonly clock: Clock;
}

/** Adds the graph, opens it on a node, and takes it back where that fails. */
export function createGraph(deps: CreateGraphDeps): Handler<typeof CatalogService.method.createGraph> {
  const { graphs, view, opener, remover, newId, clock } = deps;
  return async ({ displayName, tier: tierId }, context) => {
    const { organizationId, plan: planId } = requirePrincipal(context);
    const plan = findPlan(planId);
    if (!plan) throw new Error(`no plan ${planId}`);
    const tier = findTier(tierId || 'standard');
    if (!tier) throw new Error(`no tier ${tierId}`);
    if (!planIncludesTier(plan, tier)) throw tierNotAllowed(tier.id, plan.id);
    const graphId = newId('kg');
    const createTime = new Date(clock.now());
    const outcome = await graphs.create(
      { graphId, organizationId, displayName, tier: tier.id, createTime },
      plan.graphsMax,
    );
    if (outcome.kind === 'limit-reached') throw graphLimitReached(plan.id, plan.graphsMax, organizationId);
    if (outcome.kind === 'no-node') throw noCapacity(tier.id);
    view.apply(outcome.graph);
    try {
      return { graph: toGraph(await opener.open(outcome.graph)) };
    } catch (error) {
      await remover.delete(graphId);
      throw error;
    }
  };
}
