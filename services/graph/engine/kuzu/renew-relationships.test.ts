import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { openAsKilled } from '../open-as-killed.testing.ts';
import { kindsOf, openTestGraph, type TestGraph } from '../testing.ts';

const limits = () => ({ deadlineMs: Date.now() + 60_000, signal: new AbortController().signal });

let graph: TestGraph;
const checkpoint = () => graph.graph.engine.checkpoint(limits());
const count = async (statement: string) => {
  const [kind] = kindsOf(await graph.query(statement)) as { value: bigint }[];
  return Number(kind?.value);
};
/** The relationships as they are found by their first nodes and by their last ones, and those that are not as made. */
const found = async () => {
  const ways = ['HINT (a JOIN l) JOIN b', 'HINT a JOIN (l JOIN b)'];
  const wrong = "WHERE b.id <> a.id + 1 OR l.p <> a.id OR l.s <> 's' + cast(a.id AS STRING)";
  const all = ways.map((way) => count(`MATCH (a:T)-[l:L]->(b:T) ${way} RETURN count(l)`));
  const bad = ways.map((way) => count(`MATCH (a:T)-[l:L]->(b:T) ${wrong} ${way} RETURN count(l)`));
  return { all: await Promise.all(all), bad: await Promise.all(bad) };
};
const chain = (where: string) =>
  graph.execute(
    `MATCH (a:T) WHERE ${where} WITH a, a.id + 1 AS next MATCH (b:T) WHERE b.id = next
     CREATE (a)-[:L {p: a.id, s: 's' + cast(a.id AS STRING)}]->(b)`,
  );

beforeEach(async () => {
  graph = await openTestGraph();
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
  await graph.execute('CREATE REL TABLE L(FROM T TO T, p INT64, s STRING)');
  await graph.execute('UNWIND range(0, 9999) AS i CREATE (:T {id: i})');
});
afterEach(() => graph.close());

// Each of these loses relationships, or ends the process, where the checkpoint finds the graph as it is.
describe('a checkpoint keeps relationships', () => {
  test('where all of 1,024 nodes in a row were deleted', async () => {
    await chain('a.id < 5000');
    await checkpoint();
    await graph.execute('MATCH (a:T)-[l:L]->() WHERE a.id >= 2048 AND a.id < 3072 DELETE l');
    await checkpoint();
    expect(await found()).toEqual({ all: [3_976, 3_976], bad: [0, 0] });
  });

  test('where all that were created since the last one were deleted again', async () => {
    await chain('a.id < 100');
    await checkpoint();
    for (let round = 0; round < 3; round += 1) {
      await chain('a.id >= 200 AND a.id < 210');
      await graph.execute('MATCH (a:T) WHERE a.id >= 200 AND a.id < 211 DETACH DELETE a');
      await checkpoint();
      expect(await found()).toEqual({ all: [100, 100], bad: [0, 0] });
      await graph.execute('UNWIND range(200, 210) AS i CREATE (:T {id: i})');
    }
  });

  test('where none are left, by asking for another process before anybody reads', async () => {
    for (let round = 0; round < 2; round += 1) {
      await chain('a.id < 3');
      await graph.execute('MATCH ()-[l:L]->() DELETE l');
      await checkpoint();
    }
    expect(graph.broken).toEqual(['deleted relationships are left in memory']);
    const next = await openAsKilled(graph);
    try {
      const [kind] = kindsOf(await next.query('MATCH (a:T)-[l:L]->() RETURN count(l)'));
      expect(kind).toMatchObject({ value: 0n });
    } finally {
      await next.close();
    }
  });

  test('where properties changed after nodes without any', async () => {
    await chain('a.id < 2048 OR a.id >= 4096');
    await checkpoint();
    await graph.execute('MATCH (:T {id: 4096})-[l:L]->() SET l.p = 4096');
    await checkpoint();
    expect(await found()).toEqual({ all: [7_951, 7_951], bad: [0, 0] });
  });

  test('after a kill, where only the log knows what was deleted', async () => {
    await chain('a.id < 5000');
    await checkpoint();
    await graph.execute('MATCH (a:T)-[l:L]->() WHERE a.id >= 2048 AND a.id < 3072 DELETE l');
    const copy = await openAsKilled(graph);
    try {
      await copy.graph.engine.checkpoint(limits());
      const [kind] = kindsOf(await copy.query('MATCH (a:T)-[l:L]->() RETURN count(l)'));
      expect(kind).toMatchObject({ value: 3_976n });
    } finally {
      await copy.close();
    }
  });

  test('that an import adds none to', async () => {
    await chain('a.id < 5000');
    await checkpoint();
    await graph.execute('MATCH (a:T)-[l:L]->() WHERE a.id >= 2048 AND a.id < 3072 DELETE l');
    await graph.import({ table: 'T' }, '20000\n');
    expect(await found()).toEqual({ all: [3_976, 3_976], bad: [0, 0] });
  });
});
