import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listValue, toField, toValue, type ValueKind } from '../domain/values/value.ts';
import { failureOf, kindsOf, openTestGraph, type TestGraph } from '../engine/testing.ts';

const int64 = (value: bigint): ValueKind => ({ case: 'int64Value', value });
const string = (value: string): ValueKind => ({ case: 'stringValue', value });

let graph: TestGraph;
const count = async (label: string) => {
  const [kind] = kindsOf(await graph.query(`MATCH (n:${label}) RETURN count(n)`)) as { value: bigint }[];
  return Number(kind?.value);
};

beforeAll(async () => {
  graph = await openTestGraph();
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING, score DOUBLE, at TIMESTAMP)');
  await graph.execute('CREATE REL TABLE R(FROM T TO T)');
});
afterAll(() => graph.close());

describe('Execute', () => {
  test('changes data and says which state came of it', async () => {
    const first = await graph.execute("CREATE (n:T {id: 1, name: 'a'}) RETURN n.name");
    expect(kindsOf(first)).toEqual([string('a')]);
    const second = await graph.execute("MATCH (n:T {id: 1}) SET n.name = 'b'");
    expect(second).toMatchObject({ rowCount: 0, columns: [], rows: [] });
    expect(Number(second.revision?.split('.')[1])).toBe(Number(first.revision?.split('.')[1]) + 1);
    const { revision } = second;
    const read = await graph.query(
      'MATCH (n:T {id: 1}) RETURN n.name',
      {},
      { atLeastRevision: revision ?? '' },
    );
    expect(kindsOf(read)).toEqual([string('b')]);
  });

  test('runs a statement that only reads beside others, and without a new revision', async () => {
    const before = graph.graph.engine.commits;
    expect(await graph.execute('RETURN 1 AS x')).toMatchObject({ rowCount: 1 });
    expect(graph.graph.engine.commits).toBe(before);
  });

  test('changes the schema without giving rows', async () => {
    const made = await graph.execute('CREATE NODE TABLE Made(id INT64 PRIMARY KEY)');
    expect(made).toMatchObject({ rowCount: 0, columns: [] });
    await graph.execute('ALTER TABLE Made ADD note STRING');
    const made2 = await graph.execute("CREATE (n:Made {id: 1, note: 'new'}) RETURN n");
    expect(kindsOf(made2)).toMatchObject([
      { value: { label: 'Made', properties: [{ name: 'id' }, { name: 'note' }] } },
    ]);
    await graph.execute('DROP TABLE Made');
    expect(await failureOf(graph.query('MATCH (n:Made) RETURN n'))).toMatchObject({
      reason: 'STATEMENT_INVALID',
    });
  });

  test('is all or nothing', async () => {
    const before = await count('T');
    const failure = await failureOf(graph.execute('UNWIND [100, 101, 1] AS i CREATE (:T {id: i})'));
    expect(failure).toEqual({ reason: 'STATEMENT_FAILED', constraint: 'primary_key' });
    expect(await count('T')).toBe(before);
  });

  test('names the constraint that was broken', async () => {
    await graph.execute('CREATE (a:T {id: 50})-[:R]->(b:T {id: 51})');
    expect(await failureOf(graph.execute('MATCH (n:T {id: 50}) DELETE n'))).toEqual({
      reason: 'STATEMENT_FAILED',
      constraint: 'relationships_exist',
    });
    expect(await failureOf(graph.execute('UNWIND [NULL] AS i CREATE (:T {id: i})'))).toMatchObject({
      reason: 'STATEMENT_FAILED',
    });
  });

  test('rolls back where the result is too large for one answer', async () => {
    const before = await count('T');
    const statement = 'UNWIND range(1000, 12000) AS i CREATE (n:T {id: i}) RETURN n.id';
    expect(await failureOf(graph.execute(statement))).toMatchObject({ reason: 'RESULT_TOO_LARGE' });
    expect(await count('T')).toBe(before);
    expect(await graph.execute(statement, {}, { maxRows: 1 })).toMatchObject({
      rowCount: 1,
      truncated: true,
    });
    expect(await count('T')).toBe(before + 11_001);
    await graph.execute('MATCH (n:T) WHERE n.id >= 1000 DELETE n');
  });

  test('is applied once where its result has to be fetched in another form', async () => {
    await graph.execute("CREATE (:T {id: 60, at: timestamp('1970-01-01'), score: 0.0})");
    const bumped = await graph.execute(
      'MATCH (n:T {id: 60}) SET n.score = n.score + 1, n.at = n.at + to_microseconds(1) RETURN n.at, n.score',
    );
    expect(kindsOf(bumped)).toMatchObject([{ value: { sinceEpoch: 1n } }, { value: 1 }]);
    const again = await graph.execute(
      'MATCH (n:T {id: 60}) SET n.score = n.score + 1, n.at = n.at + to_microseconds(1) RETURN n.at, n.score',
    );
    expect(kindsOf(again)).toMatchObject([{ value: { sinceEpoch: 2n } }, { value: 2 }]);
    const read = await graph.query('MATCH (n:T {id: 60}) RETURN n.at, n.score');
    expect(kindsOf(read)).toMatchObject([{ value: { sinceEpoch: 2n } }, { value: 2 }]);
  });

  test('refuses what tenants may not run', async () => {
    expect(await failureOf(graph.execute("COPY T FROM 'x.csv'"))).toMatchObject({
      reason: 'STATEMENT_NOT_ALLOWED',
    });
    expect(await failureOf(graph.execute('CHECKPOINT'))).toMatchObject({ reason: 'STATEMENT_NOT_ALLOWED' });
    expect(await failureOf(graph.execute('RETURN 1; RETURN 2'))).toMatchObject({
      reason: 'STATEMENT_NOT_ALLOWED',
    });
  });

  test('writes nothing after its time is over', async () => {
    const before = await count('T');
    const statement = 'UNWIND range(20000, 3000000) AS i CREATE (:T {id: i})';
    expect(await failureOf(graph.execute(statement, {}, { timeoutMs: 30 }))).toEqual({
      reason: 'DEADLINE_EXCEEDED',
    });
    const left = new AbortController();
    const call = graph.execute(statement, {}, { timeoutMs: 100, context: { signal: left.signal } });
    left.abort();
    expect(await failureOf(call)).toEqual({ reason: 'CANCELLED' });
    // The next write waits until the one that was left behind has ended.
    await graph.execute('CREATE (:T {id: 70})');
    expect(await count('T')).toBe(before + 1);
  });

  test('writes many rows of one parameter', async () => {
    const row = (index: number): ValueKind => ({
      case: 'structValue',
      value: {
        $typeName: 'trellis.graph.v1.Struct',
        fields: [
          toField('id', toValue(int64(BigInt(100_000 + index)))),
          toField('name', toValue(index % 7 ? string(`it's ${index}`) : { case: 'nullValue', value: 0 })),
          toField('score', toValue({ case: 'doubleValue', value: index / 2 })),
        ],
      },
    });
    const rows = listValue(Array.from({ length: 5_000 }, (_, index) => toValue(row(index))))
      .kind as ValueKind;
    await graph.execute('UNWIND $rows AS r CREATE (:T {id: r.id, name: r.name, score: r.score})', { rows });
    const sums = await graph.query(
      'MATCH (n:T) WHERE n.id >= 100000 RETURN count(*), count(n.name), sum(n.score), sum(n.id)',
    );
    expect(kindsOf(sums)).toMatchObject([
      { value: 5_000n },
      { value: 4_285n },
      { value: 6_248_750 },
      { value: '512497500' },
    ]);
    await graph.execute('UNWIND $rows AS r MATCH (n:T {id: r.id}) SET n.name = r.name, n.score = r.score', {
      rows,
    });
    await graph.execute('UNWIND $rows AS r MERGE (n:T {id: r.id}) ON MATCH SET n.name = r.name', { rows });
    expect(await count('T')).toBeGreaterThan(5_000);
  });
});
