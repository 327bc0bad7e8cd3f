import { LRUCache } from 'lru-cache';
import { upperAscii } from '../domain/cypher/keywords.ts';
import { parseEngineType } from '../domain/values/engine-type.ts';
import { holdsGraph, mayLose } from '../domain/values/exactness.ts';
import { detachNodes, type NodesByLabel, readNodes } from './detach-nodes.ts';
import { ByteBudget } from './encode/byte-budget.ts';
import type { ExactResult, RowDemand } from './encode/checked-result.ts';
import { PlainColumnsCache } from './encode/plain-columns.ts';
import { EngineFailure } from './engine-failure.ts';
import { checkExact, checkPlain, type ExactPlan, ValueNotExact } from './exact-result.ts';
import type { CallLimits, EngineTransaction, GraphEngine, WriteKind } from './graph-engine.ts';
import type { NamingStatement, PreparedCall } from './prepare-statement.ts';
import type { SchemaCache } from './read-schema.ts';

const plansMax = 1_000;

/** Bytes of rows that wait until all rows of their results are checked; results beyond are read twice. */
const keptBytesMax = 128 * 2 ** 20;

/** The result of a statement that only deletes. */
const noRows: ExactResult = {
  columns: new Uint8Array(),
  rowCount: 0,
  isTruncated: false,
  nextBatch: () => undefined,
  close: () => {},
};

/** What came of a statement, and the state that it saw or made. */
export interface Outcome<T> {
  readonly result: T;
  readonly commits: number;
}

/** Runs judged statements so that every value in their results is exact. */
export class StatementRunner {
  readonly #engine: GraphEngine;
  readonly #schema: SchemaCache;
  /** Statements that are known to need another form, with the schema version they were seen with. */
  readonly #plans = new LRUCache<string, ExactPlan>({ max: plansMax });

  /** The texts of those statements: the keys of plans take longer to make than most results. */
  readonly #planned = new LRUCache<string, true>({ max: plansMax });
  readonly #tools = { columns: new PlainColumnsCache(), budget: new ByteBudget(keptBytesMax) };

  constructor(engine: GraphEngine, schema: SchemaCache) {
    this.#engine = engine;
    this.#schema = schema;
  }

  /** Runs a reading statement. The result outlives the transaction. Throws EngineFailure or ValueNotExact. */
  read(call: PreparedCall, demand: RowDemand, limits: CallLimits): Promise<Outcome<ExactResult>> {
    return withTypes(call, (typed) => this.#read(typed, demand, limits));
  }

  #read(call: PreparedCall, demand: RowDemand, limits: CallLimits): Promise<Outcome<ExactResult>> {
    return this.#engine.read(limits, async (transaction) => {
      const known = this.#knownPlan(call, transaction);
      const plan = known ?? (await this.#runPlain(call, demand, transaction, limits));
      if (!isPlan(plan)) return { result: plan, commits: transaction.commits };
      try {
        const result = await this.#runExact(call, plan, demand, transaction, limits);
        return { result, commits: transaction.commits };
      } catch (error) {
        if (!known || !(error instanceof ValueNotExact)) throw error;
        // Labels may have come into the result that the plan does not know.
        this.#plans.delete(planKey(call, transaction));
        const again = await this.#runPlain(call, demand, transaction, limits);
        const result = isPlan(again) ? await this.#runExact(call, again, demand, transaction, limits) : again;
        return { result, commits: transaction.commits };
      }
    });
  }

  /**
   * Runs a writing statement and commits it once `finish` has made an answer of its result. Where the result is not
   * exact, the statement is rolled back and run in another form.
   */
  async write<T>(
    call: PreparedCall,
    demand: RowDemand,
    limits: CallLimits,
    finish: (result: ExactResult) => T,
  ): Promise<Outcome<T>> {
    if (call.verdict.mayGrow) await this.#engine.requireRoom(0);
    const known = this.#knownPlan(call, this.#engine);
    const first = await withTypes(call, (typed) => this.#attempt(typed, known, demand, limits, finish)).catch(
      (error: unknown) => {
        if (!known || !(error instanceof ValueNotExact)) throw error;
        this.#plans.delete(planKey(call, this.#engine));
        return this.#attempt(call, undefined, demand, limits, finish);
      },
    );
    if (!('plan' in first.result)) return { result: first.result.answer, commits: first.commits };
    const second = await this.#attempt(call, first.result.plan, demand, limits, finish);
    if ('plan' in second.result) throw new Error('the exact form of a statement asked for another one');
    return { result: second.result.answer, commits: second.commits };
  }

  #attempt<T>(
    call: PreparedCall,
    plan: ExactPlan | undefined,
    demand: RowDemand,
    limits: CallLimits,
    finish: (result: ExactResult) => T,
  ) {
    const { isSchemaChange, returnsRows } = call.verdict;
    const work = async (transaction: EngineTransaction) => {
      await this.#requireConnections(call, transaction);
      const nodes = call.naming && (await this.#nameNodes(call.naming, transaction, limits));
      if (nodes && !returnsRows) {
        await detachNodes(transaction, await this.#schema.schema(transaction), nodes);
        return { commit: true, result: { answer: finish(noRows) }, changesSchema: false } as const;
      }
      const run = plan
        ? await this.#runExact(call, plan, demand, transaction, limits)
        : await this.#runPlain(call, demand, transaction, limits);
      if (isPlan(run)) return { commit: false, result: { plan: run } } as const;
      try {
        if (nodes) await detachNodes(transaction, await this.#schema.schema(transaction), nodes);
        const answer = finish(run);
        return { commit: true, result: { answer }, changesSchema: isSchemaChange } as const;
      } finally {
        run.close();
      }
    };
    return this.#engine.write<{ plan: ExactPlan } | { answer: T }>(limits, work, writeKindOf(call));
  }

  async #nameNodes(
    { text, values, expressions }: NamingStatement,
    transaction: EngineTransaction,
    limits: CallLimits,
  ): Promise<NodesByLabel> {
    const result = await transaction.run(text, values);
    try {
      return await readNodes(result, expressions, limits);
    } finally {
      result.close();
    }
  }

  /** Altering the connections of a node table ends the engine's process. Throws EngineFailure. */
  async #requireConnections({ verdict }: PreparedCall, transaction: EngineTransaction): Promise<void> {
    const table = verdict.alteredConnectionOf;
    if (table === undefined) return;
    const { nodeTables } = await this.#schema.schema(transaction);
    if (!nodeTables.some(({ name }) => upperAscii(name) === upperAscii(table))) return;
    throw new EngineFailure('invalid', `${table} is no relationship table: it has no connections`);
  }

  #knownPlan(call: PreparedCall, state: Pick<GraphEngine, 'schemaVersion'>): ExactPlan | undefined {
    return this.#planned.has(call.verdict.canonical) ? this.#plans.get(planKey(call, state)) : undefined;
  }

  async #runPlain(
    call: PreparedCall,
    demand: RowDemand,
    transaction: EngineTransaction,
    limits: CallLimits,
  ): Promise<ExactResult | ExactPlan> {
    const result = await transaction.run(call.text, call.values);
    try {
      const names = call.names(result.columns.map(({ name }) => name));
      const checked = await checkPlain(
        result,
        names,
        demand,
        () => this.#schema.tables(transaction),
        this.#tools,
        limits,
      );
      if (!isPlan(checked)) return checked;
      this.#plans.set(planKey(call, transaction), checked);
      this.#planned.set(call.verdict.canonical, true);
      result.close();
      return checked;
    } catch (error) {
      result.close();
      throw error;
    }
  }

  async #runExact(
    call: PreparedCall,
    plan: ExactPlan,
    demand: RowDemand,
    transaction: EngineTransaction,
    limits: CallLimits,
  ): Promise<ExactResult> {
    const tables = await this.#schema.tables(transaction);
    const result = await transaction.run(call.exactText(plan, tables)).catch((error: unknown) => {
      // The statement itself has run before: what does not bind is the form.
      if (!(error instanceof EngineFailure) || error.kind !== 'invalid') throw error;
      const column = firstLossy(plan);
      throw new ValueNotExact(column.name, column.type);
    });
    try {
      const names = call.names(plan.columns.map(({ name }) => name));
      return await checkExact(result, plan, names, demand, tables, this.#tools, limits);
    } catch (error) {
      result.close();
      throw error;
    }
  }
}

/**
 * Runs a call, and where it does not bind once more with its values in the text: the engine prepares statements
 * without knowing the types of their parameters.
 */
async function withTypes<T>(call: PreparedCall, run: (call: PreparedCall) => Promise<T>): Promise<T> {
  try {
    return await run(call);
  } catch (error) {
    if (!(error instanceof EngineFailure) || error.kind !== 'invalid' || !call.written) throw error;
    return run(call.written());
  }
}

function writeKindOf({ verdict }: PreparedCall): WriteKind {
  if (verdict.kind === 'alter-table') return 'checkpointed';
  return verdict.changesRows ? 'alone' : 'beside';
}

function firstLossy({ columns }: ExactPlan): { readonly name: string; readonly type: string } {
  const isLossy = ({ type }: { readonly type: string }) => {
    const parsed = parseEngineType(type);
    return !parsed || mayLose(parsed) || holdsGraph(parsed);
  };
  return columns.find(isLossy) ?? columns[0] ?? { name: '', type: '' };
}

function planKey(call: PreparedCall, { schemaVersion }: Pick<GraphEngine, 'schemaVersion'>): string {
  return `${schemaVersion} ${call.key()}`;
}

function isPlan(value: ExactResult | ExactPlan): value is ExactPlan {
  return 'labels' in value;
}
