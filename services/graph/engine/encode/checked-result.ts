import { setImmediate } from 'node:timers/promises';
import { InexactValue } from '../../domain/values/value.ts';
import { throwIfOver } from '../engine-gate.ts';
import type { CallLimits, EngineResult } from '../graph-engine.ts';
import type { ByteBudget } from './byte-budget.ts';
import { type BatchBounds, type RowBatch, RowBatches } from './row-batches.ts';
import { type ColumnEncoder, RowEncoder } from './row-encoder.ts';

/** Rows that are read between two turns of the event loop. */
const sliceRows = 512;

/** Rows that are read from the engine at a time while a batch is filled. */
const readRows = 64;

/** What a caller wants of a result. */
export interface RowDemand {
  /** The most rows that go out. */
  readonly rowsMax: number;
  readonly bounds: BatchBounds;
  /** Throws where the result has more rows than the caller can take. */
  readonly checkRowCount?: (rowCount: number) => void;
}

/** A result whose rows are known to be exact. Must be closed. */
export interface ExactResult {
  /** The field `columns` of an answer. */
  readonly columns: Uint8Array;
  /** Rows to read: all, or as many as were wanted. */
  readonly rowCount: number;
  readonly isTruncated: boolean;
  /** The next rows; undefined at the end. Throws RowTooLarge. */
  nextBatch(): RowBatch | undefined;
  close(): void;
}

/** Reads a result whose rows cannot lose, from the engine's memory while they go out. */
export function streamRows(
  result: EngineResult,
  columns: Uint8Array,
  encoders: readonly ColumnEncoder[],
  { rowsMax, bounds }: RowDemand,
): ExactResult {
  const batches = new RowBatches(new RowEncoder(encoders), bounds);
  const rowCount = Math.min(result.rowCount, rowsMax);
  let left = rowCount;
  function* read() {
    while (left > 0) {
      const rows = result.read(Math.min(left, readRows));
      if (rows.length === 0) throw new Error('the result has fewer rows than it said');
      left -= rows.length;
      for (const row of rows) {
        const batch = batches.add(row);
        if (batch) yield batch;
      }
    }
    const last = batches.finish();
    if (last) yield last;
  }
  const reading = read();
  return {
    columns,
    rowCount,
    isTruncated: result.rowCount > rowsMax,
    nextBatch: () => reading.next().value ?? undefined,
    close: () => result.close(),
  };
}

/**
 * Writes all rows that are wanted before the first goes out, to know that each is exact. Keeps what it wrote while the
 * budget lasts; else the rows are read once more. Where one is not exact, `onInexact` says what comes instead.
 */
export async function checkRows<T>(
  result: EngineResult,
  columns: Uint8Array,
  encoders: readonly ColumnEncoder[],
  demand: RowDemand,
  budget: ByteBudget,
  limits: CallLimits,
  onInexact: (error: InexactValue, column: number) => T,
): Promise<ExactResult | T> {
  const encoder = new RowEncoder(encoders);
  const batches = new RowBatches(encoder, demand.bounds);
  const kept = new KeptBatches(budget);
  const rowCount = Math.min(result.rowCount, demand.rowsMax);
  try {
    for (let done = 0; done < rowCount; ) {
      const rows = result.read(Math.min(sliceRows, rowCount - done));
      if (rows.length === 0) throw new Error('the result has fewer rows than it said');
      for (const row of rows) kept.add(batches.add(row));
      done += rows.length;
      if (done < rowCount) await setImmediate();
      throwIfOver(limits);
    }
    kept.add(batches.finish());
  } catch (error) {
    kept.drop();
    if (error instanceof InexactValue) return onInexact(error, encoder.column);
    throw error;
  }
  if (!kept.isComplete) {
    result.rewind();
    return streamRows(result, columns, encoders, demand);
  }
  const isTruncated = result.rowCount > demand.rowsMax;
  result.close();
  return { columns, rowCount, isTruncated, nextBatch: () => kept.next(), close: () => kept.drop() };
}

/** Batches that wait to go out. */
class KeptBatches {
  readonly #budget: ByteBudget;
  #batches: RowBatch[] = [];
  #bytes = 0;
  #isComplete = true;

  constructor(budget: ByteBudget) {
    this.#budget = budget;
  }

  /** False once a batch was not kept. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  add(batch: RowBatch | undefined): void {
    if (!batch || !this.#isComplete) return;
    if (this.#budget.take(batch.bytes.length)) {
      this.#batches.push(batch);
      this.#bytes += batch.bytes.length;
    } else {
      this.drop();
      this.#isComplete = false;
    }
  }

  next(): RowBatch | undefined {
    const batch = this.#batches.shift();
    if (!batch) return undefined;
    this.#budget.give(batch.bytes.length);
    this.#bytes -= batch.bytes.length;
    return batch;
  }

  drop(): void {
    this.#budget.give(this.#bytes);
    this.#bytes = 0;
    this.#batches = [];
  }
}
