import { afterAll, beforeAll, expect, test } from 'vitest';
import { failureOf, kindsOf, openTestGraph, type TestGraph } from '../testing.ts';

const quotaBytes = 8 * 2 ** 20;
let graph: TestGraph;

beforeAll(async () => {
  graph = await openTestGraph({ storageBytesMax: quotaBytes });
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)');
});
afterAll(() => graph.close());

const add = (from: number) =>
  graph.execute(`UNWIND range(${from}, ${from + 999}) AS i CREATE (:T {id: i, s: repeat('x', 1000)})`);

/** Adds until the graph has no room; the figures may be half a second old. */
const fill = async (): Promise<Awaited<ReturnType<typeof failureOf>>> => {
  for (let from = 0; from < 1_000_000; from += 1_000) {
    const failure = await add(from).then(
      () => undefined,
      (error: unknown) => failureOf(Promise.reject(error)),
    );
    if (failure) return failure;
  }
  throw new Error('the graph has no end');
};

test('a graph that has what it may refuses to grow, reads on, and grows again after a deletion', async () => {
  const failure = await fill();
  expect(failure).toMatchObject({ reason: 'STORAGE_FULL', limit_bytes: String(quotaBytes) });
  expect(Number(failure.used_bytes)).toBeGreaterThan(quotaBytes);
  const growing = [
    "CREATE (:T {id: -1, s: 'x'})",
    "MERGE (:T {id: -1, s: 'x'})",
    "MATCH (t:T {id: 1}) SET t.s = 'y'",
    'CREATE NODE TABLE U(id INT64 PRIMARY KEY)',
    "MATCH (t:T {id: 1}) DELETE t CREATE (:T {id: -1, s: 'x'})",
  ];
  for (const statement of growing) {
    expect(await failureOf(graph.execute(statement))).toMatchObject({ reason: 'STORAGE_FULL' });
  }
  const upload = graph.import({ table: 'T' }, '-1,x\n');
  expect(await failureOf(upload)).toMatchObject({ reason: 'STORAGE_FULL' });
  expect(kindsOf(await graph.query('MATCH (t:T {id: 1}) RETURN t.id'))).toMatchObject([{ value: 1n }]);

  await graph.execute('MATCH (t:T) DELETE t');
  // The deletion makes room at the checkpoint that follows it.
  await expect
    .poll(
      () =>
        graph.execute("CREATE (:T {id: -2, s: 'x'})").then(
          () => 'written',
          () => 'full',
        ),
      { timeout: 30_000 },
    )
    .toBe('written');
  await graph.execute('DROP TABLE T');
  expect(graph.broken).toEqual([]);
});
