import type { RawRow } from '../graph-engine.ts';
import { partTags } from './encode-value.ts';
import type { Encoder } from './plain-encoder.ts';
import type { WireWriter } from './wire-writer.ts';

/** How one column is written. */
export interface ColumnEncoder {
  /** The engine's name of the column. */
  readonly name: string;
  readonly encode: Encoder;
}

/** Writes rows as the binding gives them. */
export class RowEncoder {
  readonly #columns: readonly ColumnEncoder[];
  #column = 0;

  constructor(columns: readonly ColumnEncoder[]) {
    this.#columns = columns;
  }

  /** The column that was written last: where it throws, the one to blame. */
  get column(): number {
    return this.#column;
  }

  /** Writes the values of a row. Throws InexactValue. */
  encode(writer: WireWriter, row: RawRow): void {
    for (let index = 0; index < this.#columns.length; index += 1) {
      this.#column = index;
      const column = this.#columns[index];
      if (!column) return;
      const start = writer.open(partTags.first);
      column.encode(writer, row[column.name]);
      writer.close(start);
    }
  }
}
