import type { ForeignMessage } from '../support/foreign-grpc.ts';
import type { CsvImport } from './mesh-graph.ts';

/** A COPY of one CSV file into a table. */
export interface CopyStatement {
  readonly table: string;
  /** As the statement says: relative to the sources, or absolute. */
  readonly path: string;
  readonly options: ReadonlyMap<string, string>;
}

const copyPattern =
  /^\s*COPY\s+(`[^`]+`|\w+)\s*(\([^)]*\))?\s*FROM\s*(["'])([^"']+)\3\s*(?:\((.*)\))?\s*;?\s*$/is;
const optionPattern = /^\s*(\w+)\s*=\s*(?:"([^"]*)"|'([^']*)'|(\w+))\s*$/;
/** Options that say how a file is written, and those that change nothing about what is loaded. */
const knownOptions: ReadonlySet<string> = new Set([
  ...['header', 'delim', 'quote', 'escape', 'from', 'to'],
  ...['parallel', 'auto_detect', 'sample_size'],
]);

/** Reads a COPY that ImportTable can do as well; a text says why it cannot; undefined for other statements. */
export function parseCopy(statement: string): CopyStatement | string | undefined {
  if (!/^\s*COPY\b(?!\s*\()/i.test(statement)) return undefined;
  const [, table = '', columns, , path = '', options = ''] = copyPattern.exec(statement) ?? [];
  if (table === '') return 'COPY of something else than one file';
  if (columns) return 'COPY with a list of columns';
  if (!/\.csv$/i.test(path) || /[*?[]/.test(path)) return 'COPY of something else than a CSV file';
  const parsed = new Map<string, string>();
  for (const option of options.trim() === '' ? [] : options.split(/,(?=\s*\w+\s*=)/)) {
    const [, name = '', double, single, word] = optionPattern.exec(option) ?? [];
    if (!knownOptions.has(name.toLowerCase())) return `COPY with ${name || option}`;
    parsed.set(name.toLowerCase(), double ?? single ?? word ?? '');
  }
  return { table: table.replaceAll('`', ''), path, options: parsed };
}

/** The columns of a table's CSV file: keys of both ends first for relationships, none for SERIAL. */
export function fileColumns(
  { nodeTables = [], relationshipTables = [] }: ForeignMessage,
  table: string,
): { readonly name: string; readonly type: string }[] | undefined {
  const named = (name: string) => (each: ForeignMessage) => each.name.toLowerCase() === name.toLowerCase();
  const node = nodeTables.find(named(table));
  if (node) return node.properties.filter(({ type }: ForeignMessage) => type !== 'SERIAL');
  const relationship = relationshipTables.find(named(table));
  const [connection] = relationship?.connections ?? [];
  if (!connection) return undefined;
  const keys = [connection.fromLabel, connection.toLabel].map((label) => {
    const end = nodeTables.find(named(label));
    return end.properties.find(({ name }: ForeignMessage) => name === end.primaryKey);
  });
  return [...keys, ...(relationship.properties ?? [])];
}

/** How to import what a COPY would load, where the engine would find out for itself how the file is written. */
export function toImport(
  { table, options }: CopyStatement,
  text: string,
  columns: readonly { readonly name: string; readonly type: string }[],
): CsvImport {
  const detects = options.get('auto_detect')?.toLowerCase() !== 'false';
  const quote = unescapeOption(options.get('quote')) ?? '"';
  const [first = ''] = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const delimiter =
    unescapeOption(options.get('delim')) ?? (detects ? detectDelimiter(first, quote, columns.length) : ',');
  const escapes = detects && (text.includes(`\\${quote}`) || text.includes('\\\\'));
  const said = options.get('header')?.toLowerCase();
  const header = said ? said === 'true' : detects && isHeader(splitRecord(first, delimiter, quote), columns);
  return {
    table,
    ...(options.has('from') && { fromLabel: options.get('from') ?? '' }),
    ...(options.has('to') && { toLabel: options.get('to') ?? '' }),
    csv: {
      delimiter,
      quote,
      escape: unescapeOption(options.get('escape')) ?? (escapes ? '\\' : quote),
      header,
    },
  };
}

function unescapeOption(text: string | undefined): string | undefined {
  return text?.replace('\\\\', '\\').replace('\\t', '\t');
}

function detectDelimiter(first: string, quote: string, columns: number): string {
  return [',', '|', ';', '\t'].find((each) => splitRecord(first, each, quote).length === columns) ?? ',';
}

function splitRecord(record: string, delimiter: string, quote: string): string[] {
  const fields = [''];
  let isQuoted = false;
  for (const character of record) {
    if (character === quote) isQuoted = !isQuoted;
    else if (character === delimiter && !isQuoted) fields.push('');
    else fields[fields.length - 1] += character;
  }
  return fields;
}

const shapes: readonly (readonly [RegExp, RegExp])[] = [
  [/^(?:SERIAL|U?INT\d+)$/, /^\s*[+-]?\d+(?:\.\d*)?\s*$/],
  [/^(?:DOUBLE|FLOAT|DECIMAL.*)$/, /^\s*[+-]?(?:[\d.]+(?:e[+-]?\d+)?|inf|nan)\w*\s*$/i],
  [/^BOOL$/, /^\s*(?:true|false|t|f|1|0)\s*$/i],
  [/^(?:DATE|TIMESTAMP\w*)$/, /^\s*\d/],
  [/^UUID$/, /[\da-f]{8}/i],
];

/** A first record that is not of the columns' types, or says their names, is a header. */
function isHeader(
  fields: readonly string[],
  columns: readonly { readonly name: string; readonly type: string }[],
): boolean {
  if (columns.every(({ name }, index) => name.toLowerCase() === fields[index]?.trim().toLowerCase()))
    return true;
  return columns.some(({ type }, index) => {
    const shape = shapes.find(([types]) => types.test(type))?.[1];
    const field = fields[index] ?? '';
    return shape !== undefined && field !== '' && !shape.test(field);
  });
}
