import { GraphNodeService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { graphHasSubgraphs } from '../errors.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';
import type { PlacementView } from './placement-view.ts';
import { SingleFlight } from './single-flight.ts';

export interface GraphRemoverOptions {
  readonly store: SqlGraphStore;
  readonly view: PlacementView;
  /** The channel to a node's address. */
  readonly connect: (address: string) => Channel;
  /** How long a node may take. */
  readonly closeTimeoutMs: number;
  readonly log: Logger;
}

/** Ends deletions: the record goes when the node has said that the files are gone. */
export class GraphRemover {
  readonly #options: GraphRemoverOptions;
  readonly #removals = new SingleFlight<void>();

  constructor(options: GraphRemoverOptions) {
    this.#options = options;
  }

  /** Begins the deletion and tries to end it. Nothing where the graph is gone. Throws GRAPH_HAS_SUBGRAPHS. */
  async delete(graphId: string): Promise<void> {
    const { store, view } = this.#options;
    const outcome = await store.markDeleting(graphId);
    if (outcome.kind === 'has-subgraphs') throw graphHasSubgraphs(outcome.count);
    if (outcome.kind === 'gone') return;
    view.apply(outcome.graph);
    await this.finish(outcome.graph);
  }

  /** Tries to end a deletion that began. Where the node is away or fails, a later try will. */
  finish(deleting: GraphRecord): Promise<void> {
    return this.#removals.run(deleting.graphId, () => this.#finish(deleting));
  }

  async #finish({ graphId, nodeId }: GraphRecord): Promise<void> {
    const { store, view, connect, closeTimeoutMs, log } = this.#options;
    const node = await store.findNode(nodeId);
    if (!node?.isLive) return;
    try {
      const client = createClient(GraphNodeService, connect(node.endpoint));
      await client.closeGraph({ graphId, delete: true }, { timeoutMs: closeTimeoutMs });
    } catch (err) {
      log.warn({ err, graphId, nodeId }, 'the node did not delete a graph; it stays in deletion');
      return;
    }
    await store.remove(graphId);
    view.remove(graphId);
  }
}
