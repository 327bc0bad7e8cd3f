import { LRUCache } from 'lru-cache';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import {
  type Placement,
  PlacementService,
  type WatchPlacementsResponse,
} from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Logger } from '../../mesh/log/logger.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { createClient } from '../../mesh/rpc/client.ts';
import { RpcError } from '../../mesh/rpc/error.ts';
import { type Feed, followFeed } from '../../mesh/rpc/feed.ts';

/** The catalog sends a heartbeat every 5 s; after two missing ones the feed is opened again. */
const reopenMs = 12_000;
/** How long a graph stays known as missing. The feed tells sooner when it appears. */
const missingMs = 5_000;
const missingMax = 10_000;
const resolveTimeoutMs = 30_000;

/** Where each graph is served, as the catalog pushes it. */
export class PlacementTable {
  readonly #placements = new Map<string, Placement>();
  /** The ids of shared repositories by their public names. */
  readonly #named = new Map<string, string>();
  readonly #missing = new LRUCache<string, RpcError>({ max: missingMax, ttl: missingMs, perf: performance });
  readonly #underWay = new Map<string, Promise<Placement>>();
  readonly #client;
  readonly #feed: Feed;
  #snapshot: Set<string> | undefined;
  #isComplete = false;

  constructor(channel: Channel, log: Logger) {
    this.#client = createClient(PlacementService, channel);
    this.#feed = followFeed({
      name: 'placements',
      open: (signal) => {
        this.#snapshot = new Set();
        return this.#client.watchPlacements({}, { signal });
      },
      onMessage: (message) => this.#take(message),
      silenceMs: reopenMs,
      log,
    });
  }

  /** True once all placements are known. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /**
   * What is known of a graph, by id or public name, asking the catalog once for one that is not. Throws
   * GRAPH_NOT_FOUND.
   */
  async find(idOrName: string): Promise<Placement> {
    const known = this.#placements.get(idOrName) ?? this.#placements.get(this.#named.get(idOrName) ?? '');
    if (known) return known;
    const missing = this.#missing.get(idOrName);
    if (missing) throw missing;
    return this.#resolveOnce(idOrName);
  }

  /** Has a graph served that no process serves just now. All callers wait together. */
  wake(graphId: string, unreachableEndpoint = ''): Promise<Placement> {
    return this.#resolveOnce(graphId, unreachableEndpoint);
  }

  /** Forgets where a graph is served after a call found nobody there, unless newer news came since. */
  forgetEndpoint({ graphId, endpoint }: Placement): void {
    const known = this.#placements.get(graphId);
    if (known?.endpoint === endpoint) this.#placements.set(graphId, { ...known, endpoint: '' });
  }

  close(): Promise<void> {
    return this.#feed.close();
  }

  #resolveOnce(graphId: string, unreachableEndpoint = ''): Promise<Placement> {
    const underWay = this.#underWay.get(graphId) ?? this.#resolve(graphId, unreachableEndpoint);
    this.#underWay.set(graphId, underWay);
    return underWay;
  }

  async #resolve(graphId: string, unreachableEndpoint: string): Promise<Placement> {
    try {
      const { placement } = await this.#client.resolvePlacement(
        { graphId, unreachableEndpoint },
        { timeoutMs: resolveTimeoutMs },
      );
      if (!placement) throw new Error('the catalog answered without a placement');
      this.#set(placement);
      return placement;
    } catch (error) {
      if (error instanceof RpcError && error.reason === ErrorReason.GRAPH_NOT_FOUND) {
        this.#missing.set(graphId, error);
        this.#delete(graphId);
      }
      throw error;
    } finally {
      this.#underWay.delete(graphId);
    }
  }

  #take({ placements, snapshotComplete }: WatchPlacementsResponse): void {
    for (const placement of placements) {
      this.#snapshot?.add(placement.graphId);
      this.#set(placement);
    }
    if (!snapshotComplete || !this.#snapshot) return;
    for (const graphId of this.#placements.keys()) {
      if (!this.#snapshot.has(graphId)) this.#delete(graphId);
    }
    this.#snapshot = undefined;
    this.#isComplete = true;
  }

  #set(placement: Placement): void {
    const { graphId, state, epoch, repository } = placement;
    if (state === GraphState.DELETING && epoch === 0n) {
      this.#delete(graphId);
      return;
    }
    this.#missing.delete(graphId);
    // One that is being deleted has given its name up, maybe to another.
    if (state === GraphState.DELETING) this.#unname(graphId, repository);
    else if (repository !== '') this.#name(graphId, repository);
    const known = this.#placements.get(graphId);
    if (!known || known.epoch <= epoch) this.#placements.set(graphId, placement);
  }

  #delete(graphId: string): void {
    this.#unname(graphId, this.#placements.get(graphId)?.repository ?? '');
    this.#placements.delete(graphId);
  }

  #name(graphId: string, repository: string): void {
    this.#named.set(repository, graphId);
    this.#missing.delete(repository);
  }

  #unname(graphId: string, repository: string): void {
    if (this.#named.get(repository) === graphId) this.#named.delete(repository);
  }
}
