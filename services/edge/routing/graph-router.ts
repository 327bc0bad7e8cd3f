import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { MethodPolicy } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { authorizeGraph, graphNotFound } from '../admission/authorize.ts';
import type { PublicMethod } from '../method-table.ts';
import type { Upstream, UpstreamEnd, Upstreams } from '../upstream/upstream.ts';
import type { PlacementTable } from './placement-table.ts';

/** Says where the calls of a graph go. */
export class GraphRouter {
  readonly #placements: PlacementTable;
  readonly #upstreams: Upstreams;

  constructor(placements: PlacementTable, upstreams: Upstreams) {
    this.#placements = placements;
    this.#upstreams = upstreams;
  }

  /**
   * The place of a graph, named by id or public name, with a process that serves it: a sleeping graph is woken. Throws
   * GRAPH_NOT_FOUND, and PERMISSION_DENIED for a call that its caller may not make of this graph.
   */
  async find(graphId: string, policy: MethodPolicy, principal: Principal | undefined): Promise<Placement> {
    if (!graphId) {
      const violations = [{ field: 'graph_id', description: 'must name a graph' }];
      throw rpcError(ErrorReason.INVALID_REQUEST, 'graph_id is missing', { violations });
    }
    const placement = await this.#placements.find(graphId);
    if (!principal) throw graphNotFound();
    authorizeGraph(policy, principal, placement);
    return placement.endpoint ? placement : this.#placements.wake(placement.graphId);
  }

  upstream({ endpoint }: Placement): Upstream {
    return this.#upstreams.get(endpoint);
  }

  /** Forgets where a graph is served after a call found nobody there. */
  forget(placement: Placement): void {
    this.#placements.forgetEndpoint(placement);
  }

  /** Has a graph served again whose process is gone. */
  wake({ graphId, endpoint }: Placement): Promise<Placement> {
    return this.#placements.wake(graphId, endpoint);
  }

  /** True where a call may be made again that the lost process may have begun. */
  mayRetryLost(method: PublicMethod, end: UpstreamEnd): boolean {
    return method.isIdempotent && (end.pushbackMs ?? 0) >= 0;
  }
}
