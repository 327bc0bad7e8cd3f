import { afterAll, beforeAll, expect, test } from 'vitest';
import { fc } from '../../../mesh/properties.testing.ts';
import * as kinds from '../../domain/values/kinds.testing.ts';
import type { ValueKind } from '../../domain/values/value.ts';
import { openTestGraph, type TestGraph } from '../testing.ts';
import {
  half,
  listOf,
  long,
  mapOf,
  orNothing,
  plainOf,
  real,
  span,
  structOf,
  type Type,
  text,
  truth,
} from './typed-values.testing.ts';

const { nothing, list, map, int64, string, float, double } = kinds;

/** What a column holds in one step: chunks that hold only NULLs, nothing or one value are the delicate ones. */
interface Column {
  readonly type: Type;
  readonly moods: readonly fc.Arbitrary<ValueKind>[];
}

const column = (type: Type, ...degenerate: ValueKind[]): Column => ({
  type,
  moods: [
    fc.constant(nothing),
    ...degenerate.map(fc.constant),
    orNothing(type.values),
    orNothing(type.values),
  ],
});
/** What an import can bring. */
const loadable: readonly Column[] = [
  column(listOf(listOf(long)), list(), list(list())),
  column(listOf(listOf(text)), list()),
  column(listOf(listOf(listOf(long))), list(), list(list()), list(list(list()))),
  column(mapOf(text, long), map()),
  column(mapOf(text, listOf(text)), map()),
  column(listOf(structOf({ a: long, t: text })), list()),
  column(structOf({ l: listOf(listOf(long)), m: mapOf(text, real), f: half })),
  column(listOf(long, 2), list(int64(0n), int64(0n))),
  column(listOf(text), list()),
  column(half, float(0), float(1)),
  column(listOf(half), list(float(0)), list(float(1), float(1))),
  column(real, double(0), double(1), double(Number.NaN)),
  column(truth, kinds.bool(false), kinds.bool(true)),
  column(long, int64(0n)),
  column(text, string('')),
];

const others: readonly Column[] = [
  column(listOf(listOf(long, 2)), list()),
  column(listOf(span), list(), list(kinds.interval(0, 0, 0n))),
  column(listOf(mapOf(text, long)), list(), list(map())),
  column(listOf(listOf(half), 2)),
];

function stepsOf(columns: readonly Column[], isLoaded: boolean) {
  const moods = fc.tuple(...columns.map((each) => fc.constantFrom(...each.moods)));
  const rows = moods.chain((each) => fc.array(fc.tuple(...each), { minLength: 1, maxLength: 6 }));
  const ids = fc.array(fc.nat(), { minLength: 1, maxLength: 4 });
  const changes = columns.flatMap(({ moods: each }, at) =>
    each.map((kind) => fc.record({ do: fc.constant('set' as const), at: fc.constant(at), kind, ids })),
  );
  const step = fc.oneof(
    { weight: 4, arbitrary: rows.map((each) => ({ do: 'create', rows: each }) as const) },
    { weight: isLoaded ? 2 : 0, arbitrary: rows.map((each) => ({ do: 'import', rows: each }) as const) },
    { weight: 3, arbitrary: fc.oneof(...changes) },
    { weight: 1, arbitrary: ids.map((each) => ({ do: 'delete', ids: each }) as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'delete all' } as const) },
    { weight: 4, arbitrary: fc.constant({ do: 'checkpoint' } as const) },
    { weight: 1, arbitrary: fc.constant({ do: 'reopen' } as const) },
  );
  return fc.array(step, { minLength: 4, maxLength: 16, size: 'max' });
}

type Step = ReturnType<typeof stepsOf> extends fc.Arbitrary<(infer S)[]> ? S : never;

const options = { importBytesMax: 2 ** 20, bufferPoolBytes: 256 * 2 ** 20 };
const limits = () => ({ deadlineMs: Date.now() + 60_000, signal: new AbortController().signal });
let graph: TestGraph;
let tables = 0;

/** A table, and what its rows are by all that was written. */
class ModelledTable {
  readonly #columns: readonly Column[];
  readonly #name = `T${tables++}`;
  readonly #isOfNodes: boolean;
  readonly #match: string;
  readonly #model = new Map<bigint, ValueKind[]>();
  #next = 0n;

  constructor(isOfNodes: boolean, columns: readonly Column[]) {
    this.#isOfNodes = isOfNodes;
    this.#columns = columns;
    this.#match = isOfNodes ? `(n:${this.#name})` : `(:${this.#name}End)-[n:${this.#name}]->()`;
  }

  async make(): Promise<void> {
    const types = this.#columns.map(({ type }, at) => `c${at} ${type.name}`).join(', ');
    const name = this.#name;
    if (this.#isOfNodes) {
      await graph.execute(`CREATE NODE TABLE ${name}(id INT64 PRIMARY KEY, ${types})`);
      return;
    }
    await graph.execute(`CREATE NODE TABLE ${name}End(id INT64 PRIMARY KEY)`);
    await graph.execute(`CREATE (:${name}End {id: 0}), (:${name}End {id: 1}), (:${name}End {id: 2})`);
    await graph.execute(`CREATE REL TABLE ${name}(FROM ${name}End TO ${name}End, id INT64, ${types})`);
  }

  async take(step: Step): Promise<void> {
    const ids = [...this.#model.keys()];
    switch (step.do) {
      case 'create':
        for (const row of step.rows) await this.#create(row);
        return;
      case 'import':
        return this.#import(step.rows);
      case 'set':
        for (const id of someOf(ids, step.ids)) await this.#set(id, step.at, step.kind);
        return;
      case 'delete':
        return this.#delete(someOf(ids, step.ids));
      case 'delete all':
        return this.#delete(ids);
      case 'checkpoint':
        return graph.graph.engine.checkpoint(limits());
      case 'reopen':
        await graph.graph.engine.close(limits());
        graph = await openTestGraph({ ...options, directory: graph.directory });
    }
  }

  async compare(): Promise<void> {
    const properties = this.#columns.map((_, at) => `, n.c${at}`).join('');
    const { rows } = await graph.query(`MATCH ${this.#match} RETURN n.id${properties} ORDER BY n.id`);
    const told = (rows ?? []).map(({ values }) => values.map(({ kind }) => kind as ValueKind));
    const wanted = [...this.#model].sort(([a], [b]) => Number(a - b));
    expect(told).toEqual(wanted.map(([id, row]) => [int64(id), ...row]));
  }

  async #create(row: readonly ValueKind[]): Promise<void> {
    const id = this.#next++;
    const written = this.#columns.map(({ type }, at) => `, c${at}: ${type.write(row[at] ?? nothing)}`);
    const properties = `{id: ${id}${written.join('')}}`;
    const end = `${this.#name}End`;
    const ends = `(a:${end} {id: ${id % 3n}}), (b:${end} {id: ${id % 2n}})`;
    await graph.execute(
      this.#isOfNodes
        ? `CREATE (:${this.#name} ${properties})`
        : `MATCH ${ends} CREATE (a)-[:${this.#name} ${properties}]->(b)`,
    );
    this.#model.set(id, [...row]);
  }

  async #import(rows: readonly (readonly ValueKind[])[]): Promise<void> {
    const lines = rows.map((row) => {
      const id = this.#next++;
      this.#model.set(id, [...row]);
      const ends = this.#isOfNodes ? {} : { from: Number(id % 3n), to: Number(id % 2n) };
      const values = row.map((kind, at) => [`c${at}`, plainOf(kind)]);
      return JSON.stringify({ ...ends, id: Number(id), ...Object.fromEntries(values) });
    });
    await graph.import(
      { table: this.#name, body: { contentType: 'application/x-ndjson' } },
      lines.join('\n'),
    );
  }

  async #set(id: bigint, at: number, kind: ValueKind): Promise<void> {
    const value = this.#columns[at]?.type.write(kind);
    await graph.execute(`MATCH ${this.#match} WHERE n.id = ${id} SET n.c${at} = ${value}`);
    const row = this.#model.get(id);
    if (row) row[at] = kind;
  }

  async #delete(ids: readonly bigint[]): Promise<void> {
    // A checkpoint can end the process where relationships are gone that were never in the file (README).
    if (!this.#isOfNodes || ids.length === 0) return;
    await graph.execute(`MATCH ${this.#match} WHERE n.id IN [${ids.join(', ')}] DELETE n`);
    for (const id of ids) this.#model.delete(id);
  }
}

function someOf(ids: readonly bigint[], at: readonly number[]): bigint[] {
  const some = at.map((index) => ids[index % ids.length]);
  return [...new Set(some)].filter((id) => id !== undefined);
}

beforeAll(async () => {
  graph = await openTestGraph(options);
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

test.each([
  { what: 'nodes', isOfNodes: true, columns: loadable, isLoaded: true },
  { what: 'relationships', isOfNodes: false, columns: loadable, isLoaded: true },
  { what: 'nodes with other types', isOfNodes: true, columns: others, isLoaded: false },
])(
  'values of $what are what was written, whatever goes into the file when',
  async ({ isOfNodes, columns, isLoaded }) => {
    const takeSteps = async (steps: readonly Step[]) => {
      const table = new ModelledTable(isOfNodes, columns);
      await table.make();
      for (const step of steps) {
        await table.take(step);
        await table.compare();
      }
    };
    await fc.assert(fc.asyncProperty(stepsOf(columns, isLoaded), takeSteps), { numRuns: 6 });
  },
  180_000,
);
