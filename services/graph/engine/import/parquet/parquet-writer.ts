import { type FileHandle, open } from 'node:fs/promises';
import { type LeafColumn, physicalTypes } from './leaf-column.ts';
import { encodeThrift, i32, i64, list, struct, type Thrift, text } from './thrift-compact.ts';

/** A row group ends after so many rows or bytes; the engine reads row groups in parallel. */
const groupRowsMax = 122_880;
const groupBytesMax = 8 * 2 ** 20;

const magic = Buffer.from('PAR1');

/** Columns of a file and what Parquet's schema says of them. */
export interface ParquetColumns {
  readonly leaves: readonly LeafColumn[];
  /** The elements of the schema below its root, in depth-first order. */
  readonly elements: readonly Thrift[];
  /** Columns at the top. */
  readonly count: number;
}

/** Writes a Parquet file: plain, uncompressed, one page for each column of a row group. */
export class ParquetWriter {
  readonly #file: FileHandle;
  readonly #columns: ParquetColumns;
  readonly #groups: Thrift[] = [];
  #offset = 0;
  #rows = 0;
  #groupRows = 0;

  private constructor(file: FileHandle, columns: ParquetColumns) {
    this.#file = file;
    this.#columns = columns;
  }

  /** Creates the file, which must not exist. */
  static async create(path: string, columns: ParquetColumns): Promise<ParquetWriter> {
    const writer = new ParquetWriter(await open(path, 'wx', 0o600), columns);
    await writer.#write([magic]);
    return writer;
  }

  /** Rows so far. */
  get rows(): number {
    return this.#rows;
  }

  /** Bytes in the file so far. */
  get byteLength(): number {
    return this.#offset;
  }

  /** Tells that every column has the values of one row more. */
  endRow(): void {
    this.#rows += 1;
    this.#groupRows += 1;
  }

  /** True where rows pile up: to be asked now and then, and `flush` to be called. */
  get isDue(): boolean {
    const bytes = this.#columns.leaves.reduce((sum, leaf) => sum + leaf.byteLength, 0);
    return this.#groupRows >= groupRowsMax || bytes >= groupBytesMax;
  }

  /** Ends the file. */
  async end(): Promise<void> {
    if (this.#groupRows > 0) await this.flush();
    const { elements, count } = this.#columns;
    const root = struct({ 4: text('root'), 5: i32(count) });
    const footer = encodeThrift(
      struct({ 1: i32(1), 2: list([root, ...elements]), 3: i64(this.#rows), 4: list(this.#groups) }),
    );
    const length = Buffer.alloc(4);
    length.writeUInt32LE(footer.length);
    await this.#write([footer, length, magic]);
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  /** Writes the rows so far; meanwhile no others may come. */
  async flush(): Promise<void> {
    const chunks: Thrift[] = [];
    const startBytes = this.#offset;
    for (const leaf of this.#columns.leaves) {
      const { count, path, physical } = leaf;
      const page = leaf.page();
      const at = i64(this.#offset);
      const size = i64(page.reduce((sum, { length }) => sum + length, 0));
      const metadata = struct({
        1: i32(physicalTypes[physical]),
        2: list([i32(0), i32(3)]),
        3: list(path.map(text)),
        4: i32(0),
        5: i64(count),
        6: size,
        7: size,
        9: at,
      });
      chunks.push(struct({ 2: at, 3: metadata }));
      await this.#write(page);
      leaf.clear();
    }
    const size = i64(this.#offset - startBytes);
    this.#groups.push(struct({ 1: list(chunks), 2: size, 3: i64(this.#groupRows) }));
    this.#groupRows = 0;
  }

  async #write(parts: readonly Buffer[]): Promise<void> {
    for (const part of parts) {
      await this.#file.appendFile(part);
      this.#offset += part.length;
    }
  }
}
