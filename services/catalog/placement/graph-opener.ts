import { GraphNodeService, type OpenGraphResponse } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { fromNodeError, graphNotActive, graphNotFound, nodeAway, unavailable } from '../errors.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';
import type { PlacementView } from './placement-view.ts';
import { SingleFlight } from './single-flight.ts';

export interface GraphOpenerOptions {
  readonly store: SqlGraphStore;
  readonly view: PlacementView;
  /** The channel to a node's address. */
  readonly connect: (address: string) => Channel;
  /** How long a node may take. */
  readonly openTimeoutMs: number;
}

/** Opens graphs on their nodes. An opening outlives the call that began it: others may wait for it too. */
export class GraphOpener {
  readonly #options: GraphOpenerOptions;
  readonly #openings = new SingleFlight<GraphRecord>();

  constructor(options: GraphOpenerOptions) {
    this.#options = options;
  }

  /** The opening of the graph that is under way, if any. */
  underWay(graphId: string): Promise<GraphRecord> | undefined {
    return this.#openings.get(graphId);
  }

  /** Opens a graph that is closed. Throws UNAVAILABLE, NO_CAPACITY or what the graph's state makes of it. */
  open(graph: GraphRecord): Promise<GraphRecord> {
    return this.#openings.run(graph.graphId, () => this.#open(graph));
  }

  async #open({ graphId, nodeId }: GraphRecord): Promise<GraphRecord> {
    const { store, view } = this.#options;
    const node = await store.findNode(nodeId);
    if (!node?.isLive) throw nodeAway();
    const issued = await store.issueEpoch(graphId);
    if (!issued) throw await this.#notOpenable(graphId);
    const { epoch, endpoint } = await this.#askNode(node.endpoint, issued);
    const opened = await store.markOpened(graphId, epoch, endpoint);
    if (opened) {
      view.apply(opened);
      return opened;
    }
    const current = await store.find(graphId);
    if (current?.stage === 'ready' && current.endpoint !== '') return current;
    throw await this.#notOpenable(graphId);
  }

  async #askNode(address: string, graph: GraphRecord): Promise<OpenGraphResponse> {
    const { graphId, organizationId, repository, tier, issuedEpoch } = graph;
    const node = createClient(GraphNodeService, this.#options.connect(address));
    try {
      return await node.openGraph(
        { graphId, organizationId, repository, tier, epoch: issuedEpoch },
        { timeoutMs: this.#options.openTimeoutMs },
      );
    } catch (error) {
      throw fromNodeError(error);
    }
  }

  async #notOpenable(graphId: string) {
    const current = await this.#options.store.find(graphId);
    if (!current) return graphNotFound();
    return current.stage === 'ready'
      ? unavailable('the graph changed while it was opened')
      : graphNotActive(current.stage);
  }
}
