import type { Clock } from '../../mesh/process/clock.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { noCapacity } from '../errors.ts';
import type { CreateOutcome, GraphRoom, NewGraph, SqlGraphStore } from '../store/graph-store.ts';
import type { GraphOpener } from './graph-opener.ts';
import type { GraphRemover } from './graph-remover.ts';
import type { PlacementView } from './placement-view.ts';

export interface GraphCreatorOptions {
  readonly graphs: SqlGraphStore;
  readonly view: PlacementView;
  readonly opener: GraphOpener;
  readonly remover: GraphRemover;
  readonly newId: (prefix: string) => string;
  readonly clock: Clock;
}

/** What became of a creation; what stands in its way is for the caller to say. */
export type Creation =
  | { readonly kind: 'opened'; readonly graph: GraphRecord }
  | Exclude<CreateOutcome, { readonly kind: 'created' | 'no-node' }>;

/** Adds graphs, opens them on a node, and takes them back where that fails. */
export class GraphCreator {
  readonly #options: GraphCreatorOptions;

  constructor(options: GraphCreatorOptions) {
    this.#options = options;
  }

  /** Creates a graph where there is room for it. Throws NO_CAPACITY and what the opening failed with. */
  async create(fresh: Omit<NewGraph, 'graphId' | 'createTime'>, room: GraphRoom): Promise<Creation> {
    const { graphs, view, opener, remover, newId, clock } = this.#options;
    const graphId = newId('kg');
    const outcome = await graphs.create({ ...fresh, graphId, createTime: new Date(clock.now()) }, room);
    if (outcome.kind === 'no-node') throw noCapacity(fresh.tier);
    if (outcome.kind !== 'created') return outcome;
    view.apply(outcome.graph);
    try {
      return { kind: 'opened', graph: await opener.open(outcome.graph) };
    } catch (error) {
      await remover.delete(graphId);
      throw error;
    }
  }
}
