import { existsSync, readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { type CopyStatement, fileColumns, parseCopy, toImport } from './copy-statement.ts';
import { sourceRoot } from './corpus-files.ts';
import type { MeshGraph } from './mesh-graph.ts';
import type { TestFile } from './test-file.ts';

/** Files beyond this belong to one lane, which loads them once. */
const largeBytes = 4 * 2 ** 20;

/** Why a dataset cannot be loaded, or an import fails. */
export class NotLoadable extends Error {
  override readonly name = 'NotLoadable';
  /** True where the engine could not load it here either. */
  readonly isMissing: boolean;

  constructor(message: string, isMissing = false) {
    super(message);
    this.isMissing = isMissing;
  }
}

/** The folder of a file's dataset within the sources; undefined for the empty one. */
export function datasetFolder({ dataset }: TestFile): string | undefined {
  return dataset.toLowerCase() === 'empty' ? undefined : `dataset/${dataset}`;
}

/** Why a file's dataset is no set of CSV files; undefined where it is one. */
export function unsupportedDataset(file: TestFile): string | undefined {
  const folder = datasetFolder(file);
  if (!folder) return undefined;
  if (file.datasetType !== 'CSV') return `dataset in ${file.datasetType} form`;
  return existsSync(resolve(sourceRoot, folder, 'schema.cypher')) ? undefined : 'dataset not in the package';
}

/** True where loading a folder takes so long that it should be done once. */
export function isLarge(folder: string | undefined): boolean {
  if (!folder) return false;
  const sizes = scriptLines(`${folder}/copy.cypher`).map((line) => {
    const copy = parseCopy(line);
    return copy && typeof copy !== 'string' && existsSync(resolve(sourceRoot, copy.path))
      ? statSync(resolve(sourceRoot, copy.path)).size
      : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0) > largeBytes;
}

/** Makes the tables of a folder. Throws NotLoadable. */
export async function createSchema(graph: MeshGraph, folder: string): Promise<void> {
  for (const statement of scriptLines(`${folder}/schema.cypher`)) {
    const outcome = await graph.run(statement, 'ddl');
    if (outcome.kind === 'error') throw new NotLoadable(`schema: ${outcome.message}`);
  }
}

/** Imports what the folder's COPY statements would load. Throws NotLoadable. */
export async function importData(graph: MeshGraph, folder: string): Promise<void> {
  for (const statement of scriptLines(`${folder}/copy.cypher`)) {
    const copy = parseCopy(statement);
    if (!copy || typeof copy === 'string') throw new NotLoadable(copy ?? `no COPY: ${statement}`);
    await importCopy(graph, copy);
  }
}

/** Imports the file of a COPY; gives the number of rows. Throws NotLoadable. */
export async function importCopy(graph: MeshGraph, copy: CopyStatement): Promise<number> {
  const path = resolve(sourceRoot, copy.path);
  if (!existsSync(path)) throw new NotLoadable('a file that is not in the package', true);
  const columns = fileColumns(await graph.schema(), copy.table);
  if (!columns) throw new NotLoadable(`no table ${copy.table}`);
  const bytes = readFileSync(path);
  const options = toImport(copy, bytes.toString(), columns);
  let result = await graph.import(bytes, options);
  if (typeof result !== 'number' && result.reason === 'IMPORT_ROW_INVALID') {
    result = await graph.import(Buffer.from(inPlainSpelling(bytes.toString())), options);
  }
  if (typeof result === 'number') return result;
  throw new NotLoadable(`${copy.path.split('/').at(-1)}: ${result.reason}: ${result.message}`);
}

/**
 * Without spellings of the engine's alone: a time zone after `Z`, UUIDs in braces or with other hyphens, and digits of
 * moments that it drops, by the names that the corpus gives to fields of coarser types.
 */
function inPlainSpelling(text: string): string {
  return text
    .replace(/(_sec: [^,}]*:\d\d)\.\d+/g, '$1')
    .replace(/(_ms: [^,}]*:\d\d\.\d{3})\d+/g, '$1')
    .replace(/(:\d\d\.\d{6})\d+/g, '$1')
    .replace(/(\d\d:\d\d:\d\d(?:\.\d+)?)Z(?=[+-]\d\d:\d\d)/g, '$1')
    .replace(/\{?\b(?:[\da-f]{4}-?){7}[\da-f]{4}\b\}?/gi, (uuid) =>
      uuid.replace(/[{}-]/g, '').replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-'),
    );
}

function scriptLines(name: string): string[] {
  const path = resolve(sourceRoot, name);
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '');
}
