import { setImmediate } from 'node:timers/promises';
import { type CsvCell, createCsvCell } from './csv/csv-cell.ts';
import type { CsvDialect } from './csv/csv-dialect.ts';
import { CsvReader } from './csv/csv-reader.ts';
import type { LoadableFile } from './import-statements.ts';
import { hasUniqueNames, type ImportColumn, type ImportTarget } from './import-target.ts';
import { type NdjsonProperty, NdjsonReader } from './json/ndjson-reader.ts';
import { DistinctKeys } from './keys/distinct-keys.ts';
import { LeafColumn } from './parquet/leaf-column.ts';
import { ParquetWriter } from './parquet/parquet-writer.ts';
import { i32, struct, text } from './parquet/thrift-compact.ts';
import { RefusalList } from './refusals.ts';
import { type RowReader, type RowSink, rowBytesMax } from './row-reader.ts';
import { createCsvColumn, createJsonColumn, type SpoolColumn } from './spool-column.ts';
import { UnreadBytes } from './unread-bytes.ts';

/** Rows of one upload: the engine keeps the keys of all of them in memory while it checks them. */
export const importRowsMax = 50_000_000;

/** Bytes that are read in one go. */
const sliceBytes = 256 * 2 ** 10;

/** What an upload may take, and what follows it. */
export interface SpoolWatch {
  /** Bytes of the file that the engine loads. */
  readonly spoolBytesMax: number;
  /** Told after each piece. */
  onRows(rows: number): void;
}

/** An upload of rows has more than it may. */
export class SpoolTooLarge extends Error {
  override readonly name = 'SpoolTooLarge';
  readonly limit: 'rows' | 'bytes';
  readonly most: number;

  constructor(limit: 'rows' | 'bytes', most: number) {
    super(`the upload has too many ${limit}`);
    this.limit = limit;
    this.most = most;
  }
}

/** How the rows of an upload are written. */
export type ImportFormat =
  | { readonly kind: 'csv'; readonly dialect: CsvDialect }
  | { readonly kind: 'ndjson' }
  | { readonly kind: 'parquet' };

/** Reads all rows of an upload into a sink; answers now and then, and at the end, how many it has read. */
export type ReadRows = (sink: RowSink) => AsyncIterable<number>;

/** The columns of a spool, and what fills them. */
export interface Spool {
  readonly columns: readonly SpoolColumn[];
  /** For CSV. */
  readonly cells: readonly CsvCell[];
  /** For formats that name the columns. */
  readonly properties: readonly NdjsonProperty[];
}

/** Makes the columns for an upload; undefined where a type, or a name, cannot be loaded from this format. */
export function createSpool(target: ImportTarget, { kind }: ImportFormat): Spool | undefined {
  const { columns } = target;
  const empty = ({ key }: ImportColumn) => {
    if (!key) return undefined;
    return key.isOwn ? 'the primary key is empty' : 'the key of a node is empty';
  };
  if (kind === 'csv') {
    const made = columns.map(({ type }, index) => createCsvColumn(`c${index}`, type));
    if (!areAll(made)) return undefined;
    const cells = made.map((filled, index): CsvCell => {
      const column = columns[index] as ImportColumn;
      return createCsvCell(filled, column.type, empty(column));
    });
    return { columns: made, cells, properties: [] };
  }
  const made = columns.map(({ type }, index) => createJsonColumn(`c${index}`, type));
  if (!areAll(made) || !hasUniqueNames(target)) return undefined;
  const properties = made.map(({ json }, index): NdjsonProperty => {
    const column = columns[index] as ImportColumn;
    return { name: column.name, json, missingProblem: empty(column) };
  });
  return { columns: made, cells: [], properties };
}

/** The rows of an upload as they were written. */
export interface Spooled {
  readonly rows: number;
  readonly keys: DistinctKeys;
}

/**
 * Writes the rows of an upload to a file that the engine loads, each with the line on which it began. Throws
 * RowsRefused, SpoolTooLarge.
 */
export async function writeSpool(
  path: string,
  { columns }: Spool,
  target: ImportTarget,
  readRows: ReadRows,
  { spoolBytesMax, onRows }: SpoolWatch,
): Promise<Spooled> {
  const line = new LeafColumn(['line'], 'int32', 0, 0);
  const lineElement = struct({ 1: i32(1), 3: i32(0), 4: text('line') });
  const writer = await ParquetWriter.create(path, {
    leaves: [line, ...columns.flatMap(({ leaves }) => leaves)],
    elements: [lineElement, ...columns.flatMap(({ elements }) => elements)],
    count: 1 + columns.reduce((sum, { count }) => sum + count, 0),
  });
  const keys = new DistinctKeys(target, columns);
  const refused = new RefusalList();
  const sink: RowSink = {
    endRow: (rowLine) => {
      line.values.int32(rowLine);
      line.level(0, 0);
      writer.endRow();
    },
    refuse: (rowLine, column, reason) => {
      refused.add(rowLine, column === undefined ? '' : (target.columns[column]?.name ?? ''), reason);
    },
  };
  try {
    for await (const rows of readRows(sink)) {
      if (rows > importRowsMax) throw new SpoolTooLarge('rows', importRowsMax);
      if (writer.isDue) {
        keys.collect();
        await writer.flush();
      }
      if (writer.byteLength > spoolBytesMax) throw new SpoolTooLarge('bytes', spoolBytesMax);
      onRows(rows);
      // Others have their turn.
      await setImmediate();
    }
    refused.throwIfAny();
    keys.collect();
    await writer.end();
    return { rows: writer.rows, keys };
  } finally {
    await writer.close();
  }
}

/** The reader of an upload that comes in rows, whatever the pieces. */
export function readText(
  { cells, properties }: Spool,
  format: ImportFormat,
  chunks: AsyncIterable<Uint8Array>,
): ReadRows {
  return (sink) => {
    const reader =
      format.kind === 'csv' ? new CsvReader(format.dialect, cells, sink) : new NdjsonReader(properties, sink);
    return feed(reader, chunks, sink);
  };
}

/** Gives a reader the chunks, those of a row that is not complete again with what follows. */
async function* feed(
  reader: RowReader,
  chunks: AsyncIterable<Uint8Array>,
  sink: RowSink,
): AsyncIterable<number> {
  const unread = new UnreadBytes();
  /** Bytes from which on it is worth to try again: a long row is not read again for every chunk of it. */
  let enoughBytes = 0;
  const read = (isEnd: boolean): boolean => {
    unread.drop(reader.read(unread.bytes, isEnd));
    enoughBytes = 2 * unread.length;
    if (unread.length <= rowBytesMax) return true;
    sink.refuse(reader.line, undefined, `the row has more than ${rowBytesMax} bytes`);
    return false;
  };
  for await (const chunk of chunks) {
    for (let start = 0; start < chunk.byteLength; start += sliceBytes) {
      unread.push(chunk.subarray(start, start + sliceBytes));
      if (unread.length < enoughBytes && unread.length <= rowBytesMax) continue;
      // Where such a row ends nobody knows, so what follows is not read.
      if (!read(false)) return;
      yield reader.rows;
    }
  }
  read(true);
  yield reader.rows;
}

/** The file as the engine is told of it. */
export function toLoadable(path: string, { columns }: Spool): LoadableFile {
  return {
    path,
    expressions: columns.map(({ expression }) => expression),
    uncertain: columns.flatMap(({ mayFail }, index) => (mayFail ? [index] : [])),
  };
}

function areAll<T>(items: (T | undefined)[]): items is T[] {
  return items.every((item) => item !== undefined);
}
