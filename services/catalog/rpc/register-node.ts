import { durationFromMs } from '@bufbuild/protobuf/wkt';
import type { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { RegistryResolver } from '../../mesh/discovery/registry-resolver.ts';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { everyTier, type NodeRecord } from '../domain/graph-record.ts';
import { invalidField } from '../errors.ts';
import type { PlacementView } from '../placement/placement-view.ts';
import type { SqlNodeStore } from '../store/node-store.ts';

/** Where discovery learns of nodes. */
export type NodeRegistry = Pick<RegistryResolver, 'register' | 'deregister'>;

export interface RegisterNodeDeps {
  readonly nodes: SqlNodeStore;
  readonly view: PlacementView;
  readonly registry: NodeRegistry;
  readonly clock: Clock;
  readonly leaseMs: number;
  readonly tiers: TierTable;
}

/** Takes a node's full report. A draining node that holds no graph any more is gone at once. */
export function registerNode(deps: RegisterNodeDeps): Handler<typeof PlacementService.method.registerNode> {
  const { nodes, view, registry, clock, leaseMs, tiers } = deps;
  return async ({ nodeId, endpoint, tier, slots, openGraphs, draining }, { log }) => {
    if (tier !== everyTier && !tiers.findTier(tier)) {
      const allowed = tiers.tiers.map(({ id }) => id).join(', ');
      throw invalidField(
        'tier',
        `must be a tier that ${tiers.environment} offers (${allowed}), or "*" for all`,
      );
    }
    const isLive = !(draining && openGraphs.length === 0);
    const node = { nodeId, endpoint, tier, slots, isDraining: draining, isLive };
    const leaseEndTime = new Date(clock.now() + leaseMs);
    const outcome = await nodes.report({ node, openGraphs, leaseEndTime });
    for (const graph of outcome.changed) view.apply(graph);
    if (outcome.strayGraphIds.length > 0)
      log.error({ nodeId, graphIds: outcome.strayGraphIds }, 'a node holds graphs of another node');
    announceNode(registry, node, leaseMs);
    return { lease: durationFromMs(leaseMs), deleteGraphIds: [...outcome.deleteGraphIds] };
  };
}

/** Tells discovery of a node. */
export function announceNode(registry: NodeRegistry, node: NodeRecord, leaseMs: number): void {
  const { nodeId, endpoint: address, tier } = node;
  if (node.isLive) registry.register('graph-writer', { address, attributes: { nodeId, tier } }, leaseMs);
  else registry.deregister('graph-writer', address);
}
