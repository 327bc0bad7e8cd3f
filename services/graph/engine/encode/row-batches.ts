import type { RawRow } from '../graph-engine.ts';
import type { RowEncoder } from './row-encoder.ts';
import { WireTooLarge, WireWriter } from './wire-writer.ts';

/** How rows are put together to messages. */
export interface BatchBounds {
  /** Rows of one batch. */
  readonly rowsMax: number;
  /** Bytes of one batch, unless a single row has more. */
  readonly bytesMax: number;
  /** Bytes of one row. */
  readonly rowBytesMax: number;
}

/** Rows as the field `rows` of the messages that carry them; it is field 2 of each of them. */
export interface RowBatch {
  readonly bytes: Uint8Array;
  readonly rowCount: number;
}

/** A row that is too large for any message. */
export class RowTooLarge extends Error {
  override readonly name = 'RowTooLarge';
  readonly bytesMax: number;

  constructor(bytesMax: number) {
    super(`one row of the result has more than ${bytesMax} bytes`);
    this.bytesMax = bytesMax;
  }
}

const rowsTag = 0x12;

/** What a text may need beside its own bytes while it is written. */
const spareBytes = 16 * 2 ** 10;

/** Writes rows and cuts them into batches. */
export class RowBatches {
  readonly #encoder: RowEncoder;
  readonly #bounds: BatchBounds;
  readonly #writer: WireWriter;
  #rows = 0;

  constructor(encoder: RowEncoder, bounds: BatchBounds) {
    this.#encoder = encoder;
    this.#bounds = bounds;
    this.#writer = new WireWriter(bounds.bytesMax + bounds.rowBytesMax + spareBytes);
  }

  /** Adds a row. Returns a batch where one became full. Throws RowTooLarge or InexactValue; then it is of no use. */
  add(rawRow: RawRow): RowBatch | undefined {
    const writer = this.#writer;
    const before = writer.length;
    try {
      const row = writer.open(rowsTag);
      this.#encoder.encode(writer, rawRow);
      writer.close(row);
    } catch (error) {
      throw error instanceof WireTooLarge ? new RowTooLarge(this.#bounds.rowBytesMax) : error;
    }
    if (writer.length - before > this.#bounds.rowBytesMax) throw new RowTooLarge(this.#bounds.rowBytesMax);
    if (this.#rows > 0 && writer.length > this.#bounds.bytesMax) {
      const batch = { bytes: writer.copy(0, before), rowCount: this.#rows };
      writer.shift(before);
      this.#rows = 1;
      return batch;
    }
    this.#rows += 1;
    return this.#rows < this.#bounds.rowsMax ? undefined : this.finish();
  }

  /** The rows of the last batch; undefined where there are none. */
  finish(): RowBatch | undefined {
    if (this.#rows === 0) return undefined;
    const batch = { bytes: this.#writer.copy(0, this.#writer.length), rowCount: this.#rows };
    this.#writer.truncate(0);
    this.#rows = 0;
    return batch;
  }
}
