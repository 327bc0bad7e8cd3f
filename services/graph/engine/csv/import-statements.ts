import { toAlias } from '../../domain/cypher/alias.ts';
import { parseEngineType, toTypeText } from '../../domain/values/engine-type.ts';
import { toStringLiteral } from '../../domain/values/string-literal.ts';
import type { GraphSchema, SchemaProperty } from '../read-schema.ts';
import { engineDialect } from './csv-dialect.ts';

/** A check of an upload: a statement that answers with the first line that breaks a rule, or NULL. */
export interface ImportCheck {
  readonly statement: string;
  /** What is wrong with that line. */
  readonly message: string;
}

/** The statements of one import. They are the engine's own; no caller's text is in them. */
export interface ImportPlan {
  /** Fields of each record of the file. */
  readonly fields: number;
  checks(path: string): ImportCheck[];
  copy(path: string): string;
}

/** Why there is no plan. */
export type ImportRefusal = 'no-table' | 'ambiguous-pair' | 'no-pair' | 'unsupported-type';

/** Plans the import of a file into a table. Columns stand in the order of the table. */
export function planImport(
  { nodeTables, relationshipTables }: GraphSchema,
  table: string,
  fromLabel: string,
  toLabel: string,
): ImportPlan | ImportRefusal {
  const node = nodeTables.find(({ name }) => name === table);
  const name = toAlias(table);
  if (node && name) {
    const loaded = node.properties.filter(({ type }) => type !== 'SERIAL');
    const load = loader(loaded);
    if (!load) return 'unsupported-type';
    const key = loaded.findIndex((property) => property.name === node.primaryKey);
    const keyName = toAlias(node.primaryKey) ?? '';
    return {
      fields: loaded.length,
      checks: (path) => [
        readCheck(load(path), loaded.length),
        ...(key === -1 ? [] : keyChecks(load(path), `c${key}`, name, keyName)),
      ],
      copy: (path) => `COPY ${name} FROM (${load(path)} RETURN ${columnNames(loaded.length)})`,
    };
  }
  const relationship = relationshipTables.find((candidate) => candidate.name === table);
  if (!relationship || !name) return 'no-table';
  const pairs = relationship.connections.filter(
    (pair) =>
      (fromLabel === '' || pair.fromLabel === fromLabel) && (toLabel === '' || pair.toLabel === toLabel),
  );
  const [pair] = pairs;
  if (!pair) return 'no-pair';
  if (pairs.length > 1) return 'ambiguous-pair';
  const ends = [pair.fromLabel, pair.toLabel].map((label) => nodeTables.find((end) => end.name === label));
  const keys = ends.map((end) => end?.properties.find((property) => property.name === end.primaryKey));
  const columns = [...keys, ...relationship.properties];
  const load = columns.every((column) => column !== undefined) ? loader(columns) : undefined;
  if (!load) return 'unsupported-type';
  return {
    fields: columns.length,
    checks: (path) => [
      readCheck(load(path), columns.length),
      ...ends.map((end, index) => endCheck(load(path), `c${index}`, end?.name ?? '', end?.primaryKey ?? '')),
    ],
    copy: (path) => {
      const options = `from=${toStringLiteral(pair.fromLabel)}, to=${toStringLiteral(pair.toLabel)}`;
      return `COPY ${name} FROM (${load(path)} RETURN ${columnNames(columns.length)}) (${options})`;
    },
  };
}

const readOptions =
  `header=false, auto_detect=false, parallel=false, delim=${toStringLiteral(engineDialect.delimiter)}, ` +
  `quote=${toStringLiteral(engineDialect.quote)}, escape=${toStringLiteral(engineDialect.escape)}`;

function loader(columns: readonly SchemaProperty[]): ((path: string) => string) | undefined {
  const types = columns.map(({ type }) => {
    const parsed = parseEngineType(type === 'SERIAL' ? 'INT64' : type);
    return parsed && toTypeText(parsed);
  });
  if (types.some((type) => type === undefined)) return undefined;
  const headers = types.map((type, index) => `c${index} ${type}`);
  return (path) =>
    `LOAD WITH HEADERS (${['line INT64', ...headers].join(', ')}) FROM ${toStringLiteral(path)} (${readOptions})`;
}

/** The engine does not survive a copy that fails on a key, so it is only asked to copy what will not. */
function keyChecks(load: string, key: string, table: string, property: string): ImportCheck[] {
  return [
    {
      statement: `${load} WHERE ${key} IS NULL RETURN min(line) AS line`,
      message: 'the primary key is empty',
    },
    {
      statement: `${load} WITH ${key} AS k, count(*) AS n, max(line) AS last WHERE n > 1 RETURN min(last) AS line`,
      message: 'another line of the file has the same primary key',
    },
    {
      statement: `${load} MATCH (n:${table}) WHERE n.${property} = ${key} RETURN min(line) AS line`,
      message: 'a node with this primary key exists already',
    },
  ];
}

/** Reads every value: the engine converts only those that a statement uses. */
function readCheck(load: string, columns: number): ImportCheck {
  const nulls = Array.from({ length: columns }, (_, index) => `c${index} IS NULL`);
  return {
    statement: `${load} WHERE ${['line < 0', ...nulls].join(' OR ')} RETURN count(line) AS n`,
    message: '',
  };
}

function endCheck(load: string, key: string, label: string, property: string): ImportCheck {
  const match = `MATCH (n:${toAlias(label)}) WHERE n.${toAlias(property)} = ${key}`;
  return {
    statement: `${load} WHERE NOT EXISTS { ${match} } RETURN min(line) AS line`,
    message: `there is no ${label} with this primary key`,
  };
}

function columnNames(count: number): string {
  return Array.from({ length: count }, (_, index) => `c${index}`).join(', ');
}
