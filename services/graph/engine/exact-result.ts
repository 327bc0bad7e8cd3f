import { setImmediate } from 'node:timers/promises';
import { collectLabels, type LabelsByPlace } from '../domain/values/collect-labels.ts';
import { type EngineType, parseEngineType } from '../domain/values/engine-type.ts';
import { toExactForm } from '../domain/values/exact-form.ts';
import { holdsGraph } from '../domain/values/exactness.ts';
import type { GraphTables } from '../domain/values/graph-tables.ts';
import { InexactValue } from '../domain/values/value.ts';
import type { ByteBudget } from './encode/byte-budget.ts';
import { checkRows, type ExactResult, type RowDemand, streamRows } from './encode/checked-result.ts';
import { encodeColumns } from './encode/encode-columns.ts';
import { encodeValue } from './encode/encode-value.ts';
import type { PlainColumnsCache } from './encode/plain-columns.ts';
import type { WireWriter } from './encode/wire-writer.ts';
import type { CallLimits, EngineResult, ResultColumn } from './graph-engine.ts';

/** Rows that are read between two turns of the event loop. */
const sliceRows = 512;

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

/** What results are checked with. */
export interface CheckTools {
  readonly columns: PlainColumnsCache;
  /** For rows that wait until all are checked. */
  readonly budget: ByteBudget;
}

/**
 * Checks that a result in its plain form is exact, reading it all before the first row goes out. Answers with a
 * plan for another run where it is not.
 */
export async function checkPlain(
  result: EngineResult,
  names: readonly string[],
  demand: RowDemand,
  getTables: () => Promise<GraphTables>,
  { columns: cache, budget }: CheckTools,
  limits: CallLimits,
): Promise<ExactResult | ExactPlan> {
  const plain = await cache.get(result.columns, names, getTables, unreadable);
  demand.checkRowCount?.(Math.min(result.rowCount, demand.rowsMax));
  if (plain.isSure) return streamRows(result, plain.bytes, plain.encoders, demand);
  const checked = plain.hasLostName
    ? undefined
    : await checkRows(result, plain.bytes, plain.encoders, demand, budget, limits, () => undefined);
  return checked ?? { columns: result.columns, labels: await labelsOf(result, plain.types) };
}

/** Checks a result that came of another run's plan. Throws ValueNotExact. */
export function checkExact(
  result: EngineResult,
  plan: ExactPlan,
  names: readonly string[],
  demand: RowDemand,
  tables: GraphTables,
  { budget }: CheckTools,
  limits: CallLimits,
): Promise<ExactResult> {
  const encoders = exactForms(plan, tables).map(({ decode }, index) => ({
    name: `c${index}`,
    encode: (writer: WireWriter, raw: unknown) => encodeValue(writer, decode(raw)),
  }));
  const columns = encodeColumns(plan.columns.map(({ type }, index) => ({ name: names[index] ?? '', type })));
  demand.checkRowCount?.(Math.min(result.rowCount, demand.rowsMax));
  return checkRows<never>(result, columns, encoders, demand, budget, limits, (error, index) => {
    throw new ValueNotExact(names[index] ?? '', plan.columns[index]?.type ?? error.type);
  });
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

function unreadable({ name, type }: ResultColumn): never {
  throw new ValueNotExact(name, type);
}
