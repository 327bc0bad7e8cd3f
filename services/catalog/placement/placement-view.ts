import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { toGonePlacement, toPlacement } from '../domain/graph-message.ts';
import type { GraphRecord } from '../domain/graph-record.ts';

type Listener = (placement: Placement) => void;

/**
 * All placements, in memory, with whoever follows them. Writers hand in what SQL answered, in any order: the
 * record's version says which is newer. `resync` finds what other processes wrote.
 */
export class PlacementView {
  readonly #records = new Map<string, GraphRecord>();
  readonly #listeners = new Set<Listener>();
  /** Removed since the last resync and since the one before: an answer that comes late must not bring them back. */
  #removed = new Set<string>();
  #removedBefore = new Set<string>();

  get(graphId: string): GraphRecord | undefined {
    return this.#records.get(graphId);
  }

  placements(): readonly Placement[] {
    return [...this.#records.values()].map(toPlacement);
  }

  /** Calls the listener with each change from now on. Returns how to stop it. */
  follow(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Takes a record, unless a newer one is known. Followers hear of it where it changes the placement. */
  apply(record: GraphRecord): void {
    const { graphId } = record;
    const before = this.#records.get(graphId);
    if (before && before.version >= record.version) return;
    if (this.#removed.has(graphId) || this.#removedBefore.has(graphId)) return;
    this.#records.set(graphId, record);
    if (!before || placementDiffers(before, record)) this.#notify(toPlacement(record));
  }

  /** Forgets a graph that is gone. */
  remove(graphId: string): void {
    const record = this.#records.get(graphId);
    this.#removed.add(graphId);
    if (this.#records.delete(graphId) && record) this.#notify(toGonePlacement(record));
  }

  /** Takes all records as they are in SQL. */
  async resync(load: () => Promise<readonly GraphRecord[]>): Promise<void> {
    const knownBefore = [...this.#records.keys()];
    const records = await load();
    for (const record of records) this.apply(record);
    const present = new Set(records.map(({ graphId }) => graphId));
    for (const graphId of knownBefore) if (!present.has(graphId)) this.remove(graphId);
    this.#removedBefore = this.#removed;
    this.#removed = new Set();
  }

  #notify(placement: Placement): void {
    for (const listener of [...this.#listeners]) listener(placement);
  }
}

function placementDiffers(a: GraphRecord, b: GraphRecord): boolean {
  return a.stage !== b.stage || a.isOpen !== b.isOpen || a.endpoint !== b.endpoint || a.epoch !== b.epoch;
}
