import { setImmediate } from 'node:timers/promises';
import type { Column, Row } from '../../../gen/trellis/graph/v1/value_pb.js';
import { collectLabels, type LabelsByPlace } from '../domain/values/collect-labels.ts';
import { type EngineType, parseEngineType } from '../domain/values/engine-type.ts';
import { toExactForm } from '../domain/values/exact-form.ts';
import { holdsGraph, mayLose } from '../domain/values/exactness.ts';
import type { GraphTables } from '../domain/values/graph-tables.ts';
import { createPlainDecoder, type Decoder } from '../domain/values/plain-decoder.ts';
import { InexactValue } from '../domain/values/value.ts';
import { throwIfOver } from './engine-gate.ts';
import type { CallLimits, EngineResult, RawRow } from './graph-engine.ts';

/** Rows that are read between two turns of the event loop. */
const sliceRows = 512;

/** Rows up to which the check keeps what it has decoded. */
const keptRowsMax = 10_000;

/** What must be fetched otherwise: the columns of a result, and the labels of the nodes in them. */
export interface ExactPlan {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly labels: LabelsByPlace;
}

/** A value that no form carries without loss. */
export class ValueNotExact extends Error {
  override readonly name = 'ValueNotExact';
  readonly column: string;
  readonly type: string;

  constructor(column: string, type: string) {
    super(`column ${column} of type ${type} holds a value that cannot be carried without loss`);
    this.column = column;
    this.type = type;
  }
}

/** A result whose rows are known to be exact. Must be closed. */
export interface ExactResult {
  readonly columns: readonly Column[];
  /** Rows to read: all, or as many as were wanted. */
  readonly rowCount: number;
  readonly isTruncated: boolean;
  /** The next rows, at most so many; none at the end. */
  read(rowsMax: number): Row[];
  close(): void;
}

/** How one column is read. */
interface ColumnReader {
  readonly name: string;
  readonly decode: Decoder;
}

/**
 * Checks that a result in its plain form is exact, reading it all before the first row goes out. Answers with a
 * plan for another run where it is not.
 */
export async function checkPlain(
  result: EngineResult,
  names: readonly string[],
  rowsMax: number,
  getTables: () => Promise<GraphTables>,
  limits: CallLimits,
): Promise<ExactResult | ExactPlan> {
  const types = result.columns.map((column) => parseEngineType(column.type));
  const parsed = types.map((type, index) => type ?? unreadable(result, index));
  const tables = parsed.some(holdsGraph) ? await getTables() : new Map();
  const readers = parsed.map((type, index) => ({
    name: result.columns[index]?.name ?? '',
    decode: createPlainDecoder(type, tables),
  }));
  const columns = toColumns(result, names);
  const isSure = readers.every(({ name }) => name !== '__proto__') && !parsed.some(needsCheck);
  if (isSure) return new CheckedResult(result, columns, readers, rowsMax);
  const checked = await decodeAll(result, readers, rowsMax, limits);
  if (checked && readers.every(({ name }) => name !== '__proto__')) {
    return new CheckedResult(result, columns, readers, rowsMax, checked.rows);
  }
  return { columns: result.columns, labels: await labelsOf(result, parsed) };
}

/** Checks a result that came of another run's plan. Throws ValueNotExact. */
export async function checkExact(
  result: EngineResult,
  plan: ExactPlan,
  names: readonly string[],
  rowsMax: number,
  tables: GraphTables,
  limits: CallLimits,
): Promise<ExactResult> {
  const readers = exactForms(plan, tables).map(({ decode }, index) => ({ name: `c${index}`, decode }));
  const columns = plan.columns.map(({ type }, index) => toColumn(names[index] ?? '', type));
  const checked = await decodeAll(result, readers, rowsMax, limits, (error, index) => {
    const column = plan.columns[index];
    throw new ValueNotExact(names[index] ?? '', column?.type ?? error.type);
  });
  return new CheckedResult(result, columns, readers, rowsMax, checked?.rows);
}

/** The forms of a plan's columns, to be applied to the names that hold them. Throws ValueNotExact. */
export function exactForms(plan: ExactPlan, tables: GraphTables) {
  return plan.columns.map(({ name, type }, index) => {
    const parsed = parseEngineType(type);
    if (!parsed) throw new ValueNotExact(name, type);
    const formOf = (expression: string) => {
      try {
        return toExactForm(parsed, expression, {
          tables,
          labels: plan.labels,
          place: String(index),
          depth: 0,
        });
      } catch (error) {
        if (error instanceof InexactValue) throw new ValueNotExact(name, type);
        throw error;
      }
    };
    return {
      name,
      decode: formOf('x').decode,
      expression: (held: string) => formOf(held).expression,
      holdsGraph: holdsGraph(parsed),
    };
  });
}

class CheckedResult implements ExactResult {
  readonly columns: readonly Column[];
  readonly rowCount: number;
  readonly isTruncated: boolean;
  readonly #result: EngineResult;
  readonly #readers: readonly ColumnReader[];
  readonly #kept: Row[] | undefined;
  #readRows = 0;

  constructor(
    result: EngineResult,
    columns: readonly Column[],
    readers: readonly ColumnReader[],
    rowsMax: number,
    kept?: Row[],
  ) {
    this.#result = result;
    this.#readers = readers;
    this.#kept = kept;
    this.columns = columns;
    this.rowCount = Math.min(result.rowCount, rowsMax);
    this.isTruncated = result.rowCount > rowsMax;
    if (kept) result.close();
    else result.rewind();
  }

  read(rowsMax: number): Row[] {
    const count = Math.min(rowsMax, this.rowCount - this.#readRows);
    if (count <= 0) return [];
    const start = this.#readRows;
    this.#readRows += count;
    if (this.#kept) return this.#kept.slice(start, start + count);
    return this.#result.read(count).map((row) => toRow(row, this.#readers));
  }

  close(): void {
    this.#result.close();
  }
}

/** Decodes all rows that are wanted; undefined where one is not exact. Keeps them where they are few. */
async function decodeAll(
  result: EngineResult,
  readers: readonly ColumnReader[],
  rowsMax: number,
  limits: CallLimits,
  onInexact?: (error: InexactValue, column: number) => never,
): Promise<{ readonly rows: Row[] | undefined } | undefined> {
  const wanted = Math.min(result.rowCount, rowsMax);
  const kept: Row[] | undefined = wanted <= keptRowsMax ? [] : undefined;
  let column = 0;
  try {
    for (let done = 0; done < wanted; ) {
      const rows = result.read(Math.min(sliceRows, wanted - done));
      if (rows.length === 0) break;
      for (const row of rows) {
        const values = readers.map(({ name, decode }, index) => {
          column = index;
          return decode(row[name]);
        });
        kept?.push({ $typeName: 'trellis.graph.v1.Row', values });
      }
      done += rows.length;
      if (done < wanted) await setImmediate();
      throwIfOver(limits);
    }
    return { rows: kept };
  } catch (error) {
    if (!(error instanceof InexactValue)) throw error;
    onInexact?.(error, column);
    return undefined;
  }
}

async function labelsOf(result: EngineResult, types: readonly EngineType[]): Promise<LabelsByPlace> {
  const labels = new Map<string, Set<string>>();
  const holders = types.flatMap((type, index) => {
    const name = result.columns[index]?.name ?? '';
    return holdsGraph(type) ? [{ name, type, place: String(index) }] : [];
  });
  if (holders.length === 0) return labels;
  result.rewind();
  for (let done = 0; done < result.rowCount; done += 1) {
    try {
      for (const row of result.read(1)) {
        for (const { name, type, place } of holders) collectLabels(type, row[name], place, labels);
      }
    } catch (error) {
      if (!(error instanceof InexactValue)) throw error;
    }
    if (done % sliceRows === sliceRows - 1) await setImmediate();
  }
  return labels;
}

function needsCheck(type: EngineType): boolean {
  return mayLose(type) || holdsGraph(type);
}

function unreadable(result: EngineResult, index: number): never {
  const column = result.columns[index];
  throw new ValueNotExact(column?.name ?? '', column?.type ?? '');
}

function toRow(row: RawRow, readers: readonly ColumnReader[]): Row {
  return { $typeName: 'trellis.graph.v1.Row', values: readers.map(({ name, decode }) => decode(row[name])) };
}

function toColumns(result: EngineResult, names: readonly string[]): Column[] {
  return result.columns.map(({ type }, index) => toColumn(names[index] ?? '', type));
}

function toColumn(name: string, type: string): Column {
  return { $typeName: 'trellis.graph.v1.Column', name, type };
}
