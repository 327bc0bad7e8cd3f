import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { listValue, toValue, type ValueKind } from '../domain/values/value.ts';
import { failureOf, kindsOf, openTestGraph, type TestGraph } from './testing.ts';

const int64 = (value: bigint): ValueKind => ({ case: 'int64Value', value });

let graph: TestGraph;
const numbers = async (statement: string) =>
  (kindsOf(await graph.query(statement)) as { value: bigint }[]).map(({ value }) => Number(value));
/** Nodes of both tables, and each relationship as it is found from either end. */
const counts = async () => ({
  nodes: await numbers('MATCH (t:T) WITH count(t) AS t MATCH (u:U) RETURN t, count(u)'),
  fromFirst: await numbers('MATCH (:T)-[l:L]->() RETURN count(l)'),
  fromLast: await numbers('MATCH ()<-[l:L]-(:T) RETURN count(l)'),
  others: await numbers('MATCH ()-[k:K]->() RETURN count(k)'),
});

beforeAll(async () => {
  graph = await openTestGraph();
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY, at TIMESTAMP)');
  await graph.execute('CREATE NODE TABLE U(id INT64 PRIMARY KEY)');
  await graph.execute('CREATE NODE TABLE Alone(id INT64 PRIMARY KEY)');
  await graph.execute('CREATE REL TABLE L(FROM T TO T, FROM T TO U, p INT64)');
  await graph.execute('CREATE REL TABLE K(FROM U TO T)');
});
afterAll(() => graph.close());

// Ten in a chain; the fifth has a loop; 2 → u0 → 3.
beforeEach(async () => {
  await graph.execute('MATCH (n) DETACH DELETE n');
  await graph.execute(
    "UNWIND range(0, 9) AS i CREATE (:T {id: i, at: timestamp('1970-01-01') + to_microseconds(i)})",
  );
  await graph.execute('CREATE (:U {id: 0}), (:Alone {id: 0})');
  await graph.execute('MATCH (a:T), (b:T) WHERE b.id = a.id + 1 CREATE (a)-[:L {p: a.id}]->(b)');
  await graph.execute('MATCH (a:T {id: 5}) CREATE (a)-[:L]->(a)');
  await graph.execute('MATCH (a:T {id: 2}), (u:U), (b:T {id: 3}) CREATE (a)-[:L]->(u)-[:K]->(b)');
});

describe('DETACH DELETE', () => {
  test.each<[string, object]>([
    ['MATCH (t:T {id: 8}) DETACH DELETE t', { nodes: [9, 1], fromFirst: [9], others: [1] }],
    ['MATCH (t:T {id: 5}) DETACH DELETE t', { nodes: [9, 1], fromFirst: [8], others: [1] }],
    ['MATCH (u:U) DETACH DELETE u', { nodes: [], fromFirst: [10], others: [0] }],
    ['MATCH (t:T) WHERE t.id < 5 DETACH DELETE t', { nodes: [5, 1], fromFirst: [5], others: [0] }],
    ['MATCH (a:T)-[:L]->(u:U) DETACH DELETE a', { nodes: [9, 1], fromFirst: [8], others: [1] }],
    ['MATCH (a:T)-[:L]->(u:U) DETACH DELETE a, u', { nodes: [], fromFirst: [8], others: [0] }],
    ['MATCH (a:T {id: 0}) DETACH DELETE a DETACH DELETE a', { nodes: [9, 1], fromFirst: [10], others: [1] }],
    [
      'MATCH (a:T)-[l:L {p: 0}]->() DELETE l DETACH DELETE a',
      { nodes: [9, 1], fromFirst: [10], others: [1] },
    ],
    ['MATCH (a:Alone) DETACH DELETE a', { nodes: [10, 1], fromFirst: [11], others: [1] }],
    ['MATCH (n) WHERE n.id = 0 DETACH DELETE n', { nodes: [], fromFirst: [9], others: [0] }],
    ['MATCH (n) DETACH DELETE n', { nodes: [], fromFirst: [0], others: [0] }],
    ['OPTIONAL MATCH (t:T {id: 99}) DETACH DELETE t', { nodes: [10, 1], fromFirst: [11], others: [1] }],
    ['CREATE (a:T {id: 99})-[:L]->(:T {id: 98}) DETACH DELETE a', { nodes: [11, 1], fromFirst: [11] }],
    ['MATCH (a:T {id: 0}) CREATE (a)-[:L]->(a) DETACH DELETE a', { nodes: [9, 1], fromFirst: [10] }],
  ])('deletes the nodes and all their relationships: %s', async (statement, expected) => {
    expect(await graph.execute(statement)).toMatchObject({ rowCount: 0, columns: [], rows: [] });
    const found = await counts();
    expect(found).toMatchObject(expected);
    expect(found.fromLast).toEqual(found.fromFirst);
  });

  test('takes parameters, before the clause and after it', async () => {
    const ids = listValue([1n, 3n, 3n].map((id) => toValue(int64(id)))).kind as ValueKind;
    await graph.execute('UNWIND $ids AS i MATCH (t:T {id: i}) DETACH DELETE t', { ids });
    expect(await counts()).toMatchObject({ nodes: [8, 1], others: [0] });
    const statement = 'MATCH (t:T {id: $id}) DETACH DELETE t RETURN t.id + $more AS x';
    const answer = await graph.execute(statement, { id: int64(7n), more: int64(2n) });
    expect(kindsOf(answer)).toMatchObject([int64(9n)]);
    expect(await counts()).toMatchObject({ nodes: [7, 1] });
  });

  test('returns what was there, exactly', async () => {
    const statement = 'MATCH (t:T) WHERE t.id > 5 DETACH DELETE t RETURN t.at, t ORDER BY t.id DESC LIMIT 1';
    const answer = await graph.execute(statement);
    expect(kindsOf(answer)).toMatchObject([{ value: { sinceEpoch: 9n } }, { value: { label: 'T' } }]);
    expect(await counts()).toMatchObject({ nodes: [6, 1], fromFirst: [7], fromLast: [7] });
  });

  test('deletes what LIMIT chose, and says how many', async () => {
    const answer = await graph.execute('MATCH (t:T) WITH t LIMIT 4 DETACH DELETE t RETURN count(*) AS n');
    expect(kindsOf(answer)).toMatchObject([int64(4n)]);
    expect(await counts()).toMatchObject({ nodes: [6, 1] });
  });

  test('leaves no relationship of a node some of whose were deleted before', async () => {
    await graph.execute('MATCH (a:T {id: 9}), (b:T) WHERE b.id < 6 CREATE (a)-[:L]->(b)');
    await graph.execute('MATCH (:T {id: 9})-[l]->(b) WHERE b.id IN [0, 2] DELETE l');
    await graph.execute('MATCH (a:T {id: 9}) DETACH DELETE a');
    expect(await counts()).toMatchObject({ nodes: [9, 1], fromFirst: [10], fromLast: [10] });
    await graph.execute('MATCH (a:T) DETACH DELETE a');
    expect(await counts()).toMatchObject({ fromFirst: [0], fromLast: [0], others: [0] });
  });

  test('deletes thousands, wherever they lie', async () => {
    await graph.execute('UNWIND range(1000, 9999) AS i CREATE (:T {id: i})');
    await graph.execute(
      'MATCH (a:T) WHERE a.id >= 1000 WITH a, a.id + 1 AS next MATCH (b:T) WHERE b.id = next CREATE (a)-[:L]->(b)',
    );
    await graph.execute('MATCH (t:T) WHERE t.id >= 1000 AND t.id % 3 = 0 DETACH DELETE t');
    expect(await counts()).toMatchObject({ nodes: [6_010, 1], fromFirst: [3_011], fromLast: [3_011] });
    await graph.execute('MATCH (t:T) WHERE t.id >= 1000 DETACH DELETE t');
    expect(await counts()).toMatchObject({ nodes: [10, 1], fromFirst: [11], fromLast: [11] });
  });

  test('is all or nothing, and one revision', async () => {
    const { commits } = graph.graph.engine;
    const statement = 'MATCH (t:T) DETACH DELETE t RETURN t.id';
    const left = new AbortController();
    left.abort();
    expect(await failureOf(graph.execute(statement, {}, { context: { signal: left.signal } }))).toEqual({
      reason: 'CANCELLED',
    });
    expect(await counts()).toMatchObject({ nodes: [10, 1], fromFirst: [11] });
    await graph.execute(statement);
    expect(graph.graph.engine.commits).toBe(commits + 1);
  });

  test.each([
    ['MATCH (:T)-[l:L]->() DETACH DELETE l', 'STATEMENT_INVALID'],
    ['MATCH (t:T) DETACH DELETE other', 'STATEMENT_INVALID'],
    ['MATCH (t:T) DETACH DELETE t.id', 'STATEMENT_INVALID'],
    ['MATCH (t:T) DETACH DELETE t CREATE (:T {id: 1})', 'STATEMENT_NOT_ALLOWED'],
    ['MATCH (t:T) SET t.at = NULL DETACH DELETE t RETURN t', 'STATEMENT_NOT_ALLOWED'],
  ])('is refused: %s', async (statement, reason) => {
    expect(await failureOf(graph.execute(statement))).toMatchObject({ reason });
    expect(await counts()).toMatchObject({ nodes: [10, 1], fromFirst: [11] });
  });
});
