import { EngineFailure } from '../engine-failure.ts';
import type { EngineTransaction } from '../graph-engine.ts';
import { readRows } from '../read-rows.ts';
import {
  copyStatement,
  type ImportCheck,
  keyChecks,
  type LoadableFile,
  missingKeysStatement,
  readCheck,
} from './import-statements.ts';
import type { ImportTarget } from './import-target.ts';
import type { KeyFile } from './keys/distinct-keys.ts';
import { type RowRefusal, RowsRefused, refusalsMax } from './refusals.ts';

/** Characters of a value that a report shows. */
const shownCharactersMax = 60;

/** Lets the engine read what only it can read: lists and the like within CSV. Throws RowsRefused. */
export async function checkValues(
  transaction: EngineTransaction,
  target: ImportTarget,
  file: LoadableFile,
): Promise<void> {
  for (const column of file.uncertain) await checkReading(transaction, target, file, column);
}

/**
 * Checks the keys in the state that the rows are going to be loaded into. Where one of a column is missing, or its
 * different ones are not known, the engine looks at each row and says which it is. Throws RowsRefused.
 */
export async function checkKeys(
  transaction: EngineTransaction,
  target: ImportTarget,
  file: LoadableFile,
  keyFiles: readonly KeyFile[],
): Promise<void> {
  const known = new Set<number>();
  for (const keys of keyFiles) {
    const [row] = await readRows(transaction, missingKeysStatement(keys), 1);
    if (Number(row?.n) === 0) for (const column of keys.columns) known.add(column);
  }
  await refuseBroken(transaction, target, keyChecks(target, file, known));
}

/** Loads all rows. Throws EngineFailure, after which the process must be replaced. */
export async function copyRows(
  transaction: EngineTransaction,
  target: ImportTarget,
  file: LoadableFile,
  rows: number,
): Promise<void> {
  const [row] = await readRows(transaction, copyStatement(target, file), refusalsMax);
  const sentence = String(Object.values(row ?? {})[0]);
  const copied = Number(/^(\d+) tuples/.exec(sentence)?.[1]);
  if (copied !== rows) throw new EngineFailure('failed', `${copied} of ${rows} rows were loaded`);
}

async function refuseBroken(
  transaction: EngineTransaction,
  target: ImportTarget,
  checks: readonly ImportCheck[],
): Promise<void> {
  const refusals: RowRefusal[] = [];
  for (const { statement, column, reason } of checks) {
    for (const { line, value } of await readRows(transaction, statement, refusalsMax)) {
      const shown = value === null ? '' : `${JSON.stringify(clip(String(value)))}: `;
      refusals.push({
        line: Number(line),
        column: target.columns[column]?.name ?? '',
        reason: `${shown}${reason}`,
      });
    }
  }
  if (refusals.length > 0) throw new RowsRefused(refusals.slice(0, refusalsMax));
}

/** The engine reads a column of nested values; it does not say on which line it could not, so that is searched. */
async function checkReading(
  transaction: EngineTransaction,
  { columns }: ImportTarget,
  file: LoadableFile,
  column: number,
): Promise<void> {
  const name = columns[column]?.name ?? '';
  const found = await problemOf(transaction, readCheck(file, column));
  if (found === undefined) return;
  let [readable, unreadable] = [0, 2 ** 31];
  let reason = found;
  while (unreadable - readable > 1) {
    const line = Math.floor((readable + unreadable) / 2);
    const problem = await problemOf(transaction, readCheck(file, column, line));
    if (problem === undefined) readable = line;
    else [unreadable, reason] = [line, problem];
  }
  throw new RowsRefused([{ line: unreadable, column: name, reason }]);
}

async function problemOf(transaction: EngineTransaction, statement: string): Promise<string | undefined> {
  try {
    await readRows(transaction, statement, refusalsMax);
    return undefined;
  } catch (error) {
    const isRefusal = error instanceof EngineFailure && (error.kind === 'failed' || error.kind === 'invalid');
    if (isRefusal) return error.message;
    throw error;
  }
}

function clip(text: string): string {
  return text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text;
}
