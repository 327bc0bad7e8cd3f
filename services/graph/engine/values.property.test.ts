import { afterAll, beforeAll, expect, test } from 'vitest';
import { Timestamp_Precision } from '../../../gen/trellis/graph/v1/value_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import * as kinds from '../domain/values/kinds.testing.ts';
import { toValue, type ValueKind } from '../domain/values/value.ts';
import { ByteBudget } from './encode/byte-budget.ts';
import { PlainColumnsCache } from './encode/plain-columns.ts';
import { checkExact, checkPlain } from './exact-result.ts';
import { failureOf, kindsOf, openTestGraph, type TestGraph } from './testing.ts';

const runs = { numRuns: 40 };

/** Values of one type: lists are of one type, so a type comes before its values. */
type Values = fc.Arbitrary<ValueKind>;

const int64s = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  fc.bigInt({ min: -9n, max: 9n }),
);
const micros = fc.bigInt({ min: 1n - 2n ** 63n, max: 2n ** 63n - 1n });
const int32s = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

/** What can be the key of a map too. */
const keyLeaves: readonly Values[] = [
  int64s.map(kinds.int64),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(kinds.uint64),
  fc.string({ unit: fc.constantFrom(...'ab1,:=[]{}\'"\\ é😀'), maxLength: 6 }).map(kinds.string),
  fc.uuid().map(kinds.uuid),
  int32s.map(kinds.date),
  micros.map((each) => kinds.timestamp(each)),
];
const leaves: readonly Values[] = [
  ...keyLeaves,
  fc.boolean().map(kinds.bool),
  fc.bigInt({ min: -(2n ** 127n), max: 2n ** 127n - 1n }).map(kinds.int128),
  fc.double().map(kinds.double),
  fc.float().map(kinds.float),
  fc.uint8Array({ maxLength: 6 }).map((bytes) => kinds.blob(...bytes)),
  micros.map((each) => kinds.timestamp(each, Timestamp_Precision.MICROSECONDS, true)),
  micros.map((each) => kinds.timestamp(each / 1_000n, Timestamp_Precision.MILLISECONDS)),
  micros.map((each) => kinds.timestamp(each / 1_000_000n, Timestamp_Precision.SECONDS)),
  micros.map((each) => kinds.timestamp((each / 1_000n) * 1_000n, Timestamp_Precision.NANOSECONDS)),
  fc.tuple(int32s, int32s, micros).map(([months, days, clock]) => kinds.interval(months, days, clock)),
];

function nested(depth: number): fc.Arbitrary<Values> {
  const leaf = fc.constantFrom(...leaves);
  if (depth === 0) return leaf;
  const inner = nested(depth - 1);
  return fc.oneof(
    leaf,
    inner.map((values) => fc.array(orNothing(values), { maxLength: 4 }).map((each) => kinds.list(...each))),
    fc.tuple(inner, inner).map(([a, b]) => {
      return fc.record({ a: orNothing(a), b: orNothing(b) }).map((fields) => kinds.struct(fields));
    }),
    fc.tuple(fc.constantFrom(...keyLeaves), inner).map(([key, values]) => {
      const entries = fc.uniqueArray(fc.tuple(key, orNothing(values)), {
        minLength: 1,
        maxLength: 3,
        selector: ([each]) => String(each.value),
      });
      return entries.map((each) => kinds.map(...each));
    }),
  );
}

function orNothing(values: Values): Values {
  return fc.oneof({ weight: 6, arbitrary: values }, { weight: 1, arbitrary: fc.constant(kinds.nothing) });
}

const values = nested(3).chain((each) => each);

let graph: TestGraph;

/** A NULL, and a list of nothing, where the type is known in part only: of another element of the same list. */
const partlyTyped = kinds.list(
  kinds.struct({ a: kinds.list(), b: kinds.nothing, c: kinds.map([kinds.int64(1n), kinds.nothing]) }),
  kinds.struct({
    a: kinds.list(kinds.struct({ a: kinds.nothing })),
    b: kinds.struct({ a: kinds.float(0), b: kinds.nothing }),
    c: kinds.map([kinds.int64(2n), kinds.struct({ a: kinds.nothing, b: kinds.float(1) })]),
  }),
);

beforeAll(async () => {
  graph = await openTestGraph({ tier: { statementCharactersMax: 100_000 } });
});
afterAll(() => graph.close());

test('a value that is carried in and out is equal, whatever it is nested in; else it is refused', async () => {
  let carried = 0;
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const answer = await graph
        .query('RETURN $p AS x, [$p] AS l, {f: $p} AS s', { p: value })
        .catch(async (error: unknown) => (await failureOf(Promise.reject(error))).reason);
      if (typeof answer === 'string') {
        expect(['PARAMETER_INVALID', 'VALUE_NOT_EXACT']).toContain(answer);
        return;
      }
      carried += 1;
      expect(kindsOf(answer)).toEqual([value, kinds.list(value), kinds.struct({ f: value })]);
    }),
    { ...runs, examples: [[partlyTyped]] },
  );
  expect(carried).toBeGreaterThan(runs.numRuns / 2);
}, 180_000);

test('what the plain form takes for exact is what the exact form says', async () => {
  const limits = { deadlineMs: Date.now() + 180_000, signal: new AbortController().signal };
  const demand = { rowsMax: 10, bounds: { rowsMax: 10, bytesMax: 2 ** 20, rowBytesMax: 2 ** 20 } };
  const tools = { columns: new PlainColumnsCache(), budget: new ByteBudget(2 ** 24) };
  let compared = 0;
  await fc.assert(
    fc.asyncProperty(values, async (value) => {
      const call = await Promise.resolve()
        .then(() => graph.graph.preparer.prepare('RETURN $p AS x', 'read', { p: toValue(value) }))
        .catch(() => undefined);
      if (!call) return;
      const written = call.written?.() ?? call;
      await graph.graph.engine.read(limits, async (transaction) => {
        const tables = await graph.graph.schema.tables(transaction);
        const result = await transaction.run(written.text);
        const plan = { columns: result.columns, labels: new Map() };
        const plain = await checkPlain(result, ['x'], demand, async () => tables, tools, limits);
        if ('labels' in plain) return result.close();
        const rows = plain.nextBatch();
        plain.close();
        const exact = await checkExact(
          await transaction.run(written.exactText(plan, tables)),
          plan,
          ['x'],
          demand,
          tables,
          tools,
          limits,
        );
        expect(exact.nextBatch()).toEqual(rows);
        exact.close();
        compared += 1;
      });
    }),
    runs,
  );
  expect(compared).toBeGreaterThan(0);
}, 180_000);
