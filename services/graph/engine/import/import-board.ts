import { LRUCache } from 'lru-cache';
import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import { ImportStage } from '../../../../gen/trellis/graph/v1/graph_pb.js';
import { rpcError } from '../../../mesh/rpc/error.ts';
import { onOver } from '../call-watch.ts';
import { EngineFailure } from '../engine-failure.ts';
import { overFailure, throwIfOver } from '../engine-gate.ts';
import type { CallLimits } from '../graph-engine.ts';
import type { RowRefusal } from './refusals.ts';

/** How far an import is. */
export interface ImportState {
  readonly stage: ImportStage;
  readonly bytesReceived: number;
  readonly rowsRead: number;
  readonly rowCount: number;
  readonly revision: string;
  readonly reason: string;
  readonly message: string;
  readonly refusals: readonly RowRefusal[];
}

/** Imports whose outcome is kept. */
const outcomesMax = 64;

/** Calls that watch at a time; a call that watches costs a stream and keeps the graph awake. */
const watchersMax = 64;

/** Bytes that come in between two news of them. */
const newsBytes = 2 ** 20;

const expected: ImportState = {
  stage: ImportStage.EXPECTED,
  bytesReceived: 0,
  rowsRead: 0,
  rowCount: 0,
  revision: '',
  reason: '',
  message: '',
  refusals: [],
};

/** One import, as it tells of itself. */
export class ImportEntry {
  #state: ImportState = { ...expected, stage: ImportStage.RECEIVING };
  #told: ImportState = this.#state;
  readonly #onNews: () => void;

  constructor(onNews: () => void) {
    this.#onNews = onNews;
  }

  get state(): ImportState {
    return this.#state;
  }

  get isOver(): boolean {
    return this.#state.stage === ImportStage.DONE || this.#state.stage === ImportStage.FAILED;
  }

  tell(news: Partial<ImportState>): void {
    this.#state = { ...this.#state, ...news };
    const { stage, bytesReceived } = this.#state;
    const isFirst = this.#told.bytesReceived === 0 && bytesReceived > 0;
    const isNews = isFirst || bytesReceived - this.#told.bytesReceived >= newsBytes;
    if (stage === this.#told.stage && !isNews) return;
    this.#told = this.#state;
    this.#onNews();
  }
}

/** The imports of a graph by their ids, those under way and the last that ended. */
export class ImportBoard {
  readonly #underWay = new Map<string, ImportEntry>();
  readonly #ended = new LRUCache<string, ImportEntry>({ max: outcomesMax });
  readonly #listeners = new Set<() => void>();

  /** Enters an import; one without id is seen by nobody. */
  begin(importId: string): ImportEntry {
    const entry = new ImportEntry(() => this.#news(importId, entry));
    if (importId === '') return entry;
    if (this.#underWay.has(importId)) {
      const violations = [{ field: 'import_id', description: 'is the id of an import under way' }];
      throw rpcError(ErrorReason.INVALID_REQUEST, 'import_id is in use', { violations });
    }
    this.#underWay.set(importId, entry);
    this.#tellAll();
    return entry;
  }

  /** The states of an import until it is over. A slow reader misses some of them, never the last. */
  async *watch(importId: string, limits: CallLimits): AsyncIterable<ImportState> {
    if (this.#listeners.size >= watchersMax) throw new EngineFailure('busy', 'too many calls watch imports');
    let wake = () => {};
    let hasNews = true;
    const listener = () => {
      hasNews = true;
      wake();
    };
    this.#listeners.add(listener);
    let last: ImportState | undefined;
    try {
      for (;;) {
        throwIfOver(limits);
        hasNews = false;
        const entry = this.#underWay.get(importId) ?? this.#ended.get(importId);
        const state = entry?.state ?? expected;
        if (state !== last) yield state;
        last = state;
        if (entry?.isOver) return;
        if (!hasNews) await untilNews(limits, (resolve) => (wake = resolve));
      }
    } finally {
      this.#listeners.delete(listener);
    }
  }

  #news(importId: string, entry: ImportEntry): void {
    if (importId === '') return;
    if (entry.isOver) {
      this.#underWay.delete(importId);
      this.#ended.set(importId, entry);
    }
    this.#tellAll();
  }

  #tellAll(): void {
    for (const listener of this.#listeners) listener();
  }
}

function untilNews(limits: CallLimits, listen: (wake: () => void) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = onOver(limits, () => reject(overFailure(limits)));
    listen(() => {
      stop();
      resolve();
    });
  });
}
