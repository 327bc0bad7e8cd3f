import type { Logger } from '../../mesh/log/logger.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';
import type { SqlNodeStore } from '../store/node-store.ts';
import type { GraphRemover } from './graph-remover.ts';
import type { PlacementView } from './placement-view.ts';

export interface UpkeepOptions {
  readonly graphs: SqlGraphStore;
  readonly nodes: SqlNodeStore;
  readonly view: PlacementView;
  readonly remover: GraphRemover;
  readonly clock: Clock;
  readonly log: Logger;
  /** Between two looks at the leases. */
  readonly leaseCheckMs: number;
  /** Between two readings of everything. */
  readonly resyncMs: number;
  /** A creation that takes longer was cut off. */
  readonly creationMaxMs: number;
}

/** What must happen though nobody calls: leases end, cut-off creations and deletions are finished, others' writes seen. */
export class Upkeep {
  readonly #options: UpkeepOptions;
  readonly #over = new AbortController();
  #loops: Promise<unknown> = Promise.resolve();

  constructor(options: UpkeepOptions) {
    this.#options = options;
  }

  start(): void {
    const { leaseCheckMs, resyncMs } = this.#options;
    this.#loops = Promise.all([
      this.#repeat(leaseCheckMs, () => this.expireLeases()),
      this.#repeat(resyncMs, () => this.resync()),
    ]);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await this.#loops;
  }

  async expireLeases(): Promise<void> {
    const { nodes, view, clock } = this.#options;
    for (const graph of await nodes.expireLeases(new Date(clock.now()))) view.apply(graph);
  }

  async resync(): Promise<void> {
    const { graphs, view, remover, clock, creationMaxMs } = this.#options;
    await view.resync(() => graphs.all());
    for (const graph of await graphs.abandonCreations(new Date(clock.now() - creationMaxMs)))
      view.apply(graph);
    for (const graph of await graphs.deletable()) {
      if (this.#over.signal.aborted) return;
      await remover.finish(graph);
    }
  }

  async #repeat(everyMs: number, work: () => Promise<void>): Promise<void> {
    const { clock, log } = this.#options;
    while (!this.#over.signal.aborted) {
      await work().catch((err: unknown) => log.error({ err }, 'upkeep of the catalog failed'));
      await clock.sleep(everyMs, this.#over.signal);
    }
  }
}
