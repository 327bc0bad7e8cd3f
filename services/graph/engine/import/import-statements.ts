import { toAlias } from '../../domain/cypher/alias.ts';
import { toStringLiteral } from '../../domain/values/string-literal.ts';
import type { ImportTarget } from './import-target.ts';
import type { KeyFile } from './keys/distinct-keys.ts';
import { refusalsMax } from './refusals.ts';

/** A file that the engine can load, with the upload's line numbers as `line`, and what makes the table's columns. */
export interface LoadableFile {
  readonly path: string;
  /** For each column of the target an expression over the columns of the file. */
  readonly expressions: readonly string[];
  /** The columns of which the engine may refuse to read a value. */
  readonly uncertain: readonly number[];
}

/** A statement that answers with the rows that break a rule: `line`, and the key as `value`. */
export interface ImportCheck {
  readonly statement: string;
  readonly column: number;
  readonly reason: string;
}

/** Counts the keys of a file that no node has, as `n`. */
export function missingKeysStatement({ path, expression, key }: KeyFile): string {
  return `LOAD FROM ${toStringLiteral(path)} WITH ${expression} AS k WHERE NOT EXISTS { ${matchKey(key)} } RETURN count(*) AS n`;
}

/**
 * The rules on keys, but for columns whose keys are known to be there. The engine does not survive a copy that fails on
 * one, so it copies only what will not.
 */
export function keyChecks(
  target: ImportTarget,
  file: LoadableFile,
  known: ReadonlySet<number>,
): ImportCheck[] {
  return target.columns.flatMap(({ key }, column): ImportCheck[] => {
    if (!key || known.has(column)) return [];
    const load = `${loader(file)} WITH ${file.expressions[column]} AS k, line`;
    const report = `RETURN line, cast(k AS STRING) AS value ORDER BY line LIMIT ${refusalsMax}`;
    const match = matchKey(key);
    if (!key.isOwn) {
      const reason = `there is no ${key.label} with this primary key`;
      return [{ statement: `${load} WHERE NOT EXISTS { ${match} } ${report}`, column, reason }];
    }
    const again = `${load} WITH k, count(*) AS n, max(line) AS line WHERE n > 1 ${report}`;
    return [
      { statement: again, column, reason: 'another row of the file has the same primary key' },
      {
        statement: `${load} ${match} ${report}`,
        column,
        reason: 'a node with this primary key exists already',
      },
    ];
  });
}

/** Reads the values of a column, down to a line: the engine converts only those that a statement uses. */
export function readCheck(file: LoadableFile, column: number, lastLine?: number): string {
  const part = lastLine === undefined ? '' : ` WITH * WHERE line <= ${lastLine}`;
  const read = `${loader(file)}${part} WITH ${file.expressions[column]} AS v`;
  return `${read} WHERE v IS NULL RETURN count(*) AS n`;
}

/** Loads the file into the table. */
export function copyStatement({ table, pair }: ImportTarget, file: LoadableFile): string {
  const columns = file.expressions.map((expression, index) => `${expression} AS p${index}`).join(', ');
  const options = pair
    ? ` (from=${toStringLiteral(pair.fromLabel)}, to=${toStringLiteral(pair.toLabel)})`
    : '';
  return `COPY ${toAlias(table)} FROM (${loader(file)} RETURN ${columns})${options}`;
}

function matchKey({ label, property }: KeyFile['key']): string {
  return `MATCH (n:${toAlias(label)}) WHERE n.${toAlias(property)} = k`;
}

function loader({ path }: LoadableFile): string {
  return `LOAD FROM ${toStringLiteral(path)}`;
}
