import type { FileHandle } from 'node:fs/promises';
import { type JsonColumn, ValueRefused } from '../json/json-column.ts';
import type { RowSink } from '../row-reader.ts';
import { createAssemble } from './assemble.ts';
import type { FileNode } from './file-schema.ts';
import { LeafCursor } from './leaf-cursor.ts';
import { ParquetInvalid } from './parquet-invalid.ts';
import type { ParquetFooter, RowGroup } from './read-footer.ts';

/** Rows after which what was read is written and others have their turn; fewer where a row may hold lists. */
const turnRows = 4_096;
const nestedTurnRows = 64;

/** A column of the table, with where its values are in the file. */
export interface ParquetProperty {
  readonly node: FileNode;
  readonly json: JsonColumn;
  /** What to say where it is NULL; undefined where it may be. */
  readonly missingProblem: string | undefined;
}

/**
 * Reads the rows of a Parquet file into the columns of a spool. The engine's own reader does not survive broken files
 * (tried on 0.11.3), so it never sees one. Answers with the rows as they are read, now and then. Throws
 * ParquetInvalid, RowsRefused.
 */
export async function* readRows(
  file: FileHandle,
  footer: ParquetFooter,
  properties: readonly ParquetProperty[],
  sink: RowSink,
  inflatedBytesMax: number,
): AsyncIterable<number> {
  let inflatedBytes = 0;
  const spend = (bytes: number) => {
    inflatedBytes += bytes;
    if (inflatedBytes <= inflatedBytesMax) return;
    throw new ParquetInvalid(`it has more than ${inflatedBytesMax} bytes when it is inflated`);
  };
  const isFlat = properties.every(({ node }) => node.kind === 'leaf');
  const turn = isFlat ? turnRows : nestedTurnRows;
  let row = 0;
  for (const group of footer.groups) {
    const cursors = new Map<number, LeafCursor>();
    const columns = properties.map((property) => ({
      ...property,
      next: open(file, group, property.node, cursors, spend),
    }));
    for (let index = 0; index < group.rows; index += 1) {
      row += 1;
      for (let at = 0; at < columns.length; at += 1) {
        const { next, json, missingProblem } = columns[at] as (typeof columns)[number];
        const value = next();
        if (value === null && missingProblem !== undefined) sink.refuse(row, at, missingProblem);
        else {
          try {
            json.put(value, 0);
          } catch (error) {
            if (!(error instanceof ValueRefused)) throw error;
            sink.refuse(row, at, error.message);
          }
        }
      }
      sink.endRow(row);
      if (row % turn === 0) yield row;
    }
    for (const cursor of cursors.values()) {
      if (!cursor.isDone) throw new ParquetInvalid('a column has more rows than its row group');
    }
  }
  yield row;
}

function open(
  file: FileHandle,
  group: RowGroup,
  node: FileNode,
  cursors: Map<number, LeafCursor>,
  spend: (bytes: number) => void,
) {
  if (group.rows === 0) return () => null;
  return createAssemble(node, (leaf) => {
    const known = cursors.get(leaf.index);
    if (known) return known;
    const chunk = group.chunks[leaf.index];
    if (!chunk) throw new ParquetInvalid('a column is missing in a row group');
    const cursor = new LeafCursor(file.fd, leaf, chunk, spend);
    cursors.set(leaf.index, cursor);
    return cursor;
  });
}
