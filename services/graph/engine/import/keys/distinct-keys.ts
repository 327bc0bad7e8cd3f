import type { ImportColumn, ImportTarget } from '../import-target.ts';
import { LeafColumn } from '../parquet/leaf-column.ts';
import { ParquetWriter } from '../parquet/parquet-writer.ts';
import type { SpoolColumn } from '../spool-column.ts';
import { KeySet } from './key-set.ts';

/** An upload names each key so many times, on average, before it is worth to look at the different ones alone. */
const repeatsMin = 4;

/** The different keys of an upload that nodes of a label must have. */
export interface KeyFile {
  readonly path: string;
  /** What makes the key of the file's column. */
  readonly expression: string;
  readonly key: NonNullable<ImportColumn['key']>;
  /** The columns of the target whose values these are. */
  readonly columns: readonly number[];
}

/** The columns whose keys are nodes of the same label. */
interface KeyGroup {
  readonly key: NonNullable<ImportColumn['key']>;
  readonly set: KeySet;
  readonly columns: number[];
  readonly spooled: SpoolColumn[];
}

/**
 * Collects the different keys of an upload while it comes in: a relationship's ends are named again and again, and the
 * engine is asked for each only once. Of integers, as long as there are not too many; for others there is nothing here,
 * and the engine looks at the keys of all rows.
 */
export class DistinctKeys {
  readonly #groups: readonly KeyGroup[];

  constructor(target: ImportTarget, spooled: readonly SpoolColumn[]) {
    const groups = new Map<string, KeyGroup>();
    for (const [index, { key }] of target.columns.entries()) {
      const column = spooled[index];
      if (!key || key.isOwn || !column || !isInteger(column)) continue;
      const group = groups.get(key.label) ?? { key, set: new KeySet(), columns: [], spooled: [] };
      group.columns.push(index);
      group.spooled.push(column);
      groups.set(key.label, group);
    }
    this.#groups = [...groups.values()];
  }

  /** Looks at the keys of the rows that are about to leave memory. */
  collect(): void {
    for (const { set, spooled } of this.#groups) {
      for (const leaf of spooled.flatMap(({ leaves }) => leaves)) set.add(leaf.values.bytes);
    }
  }

  /** Writes the keys that nodes must have, where that is worth it; `pathOf` names a file by its number. */
  async write(rows: number, pathOf: (index: number) => string): Promise<readonly KeyFile[]> {
    const files: KeyFile[] = [];
    for (const { key, set, columns, spooled } of this.#groups) {
      const [column] = spooled;
      if (!column || !set.size || set.size * repeatsMin > rows * columns.length) continue;
      const path = pathOf(files.length);
      await writeKeys(path, set, column);
      files.push({ path, expression: column.expression, key, columns });
    }
    return files;
  }
}

async function writeKeys(path: string, set: KeySet, { leaves, elements }: SpoolColumn): Promise<void> {
  const leaf = new LeafColumn(leaves[0]?.path ?? [], 'int64', 1, 0);
  const writer = await ParquetWriter.create(path, { leaves: [leaf], elements, count: 1 });
  try {
    for (const run of set.runs()) {
      leaf.values.raw(run);
      for (let at = 0; at < run.length; at += 8) {
        leaf.level(1, 0);
        writer.endRow();
      }
      if (writer.isDue) await writer.flush();
    }
    await writer.end();
  } finally {
    await writer.close();
  }
}

/** True for a column that stands in the file as the integers that the engine compares. */
function isInteger({ leaves, expression }: SpoolColumn): boolean {
  const [leaf] = leaves;
  return leaves.length === 1 && leaf?.physical === 'int64' && expression === leaf.path[0];
}
