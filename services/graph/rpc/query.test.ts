import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { listValue, toField, toValue, type ValueKind } from '../domain/values/value.ts';
import { failureOf, kindsOf, openTestGraph, type TestGraph, testContext } from '../engine/testing.ts';

const int64 = (value: bigint): ValueKind => ({ case: 'int64Value', value });
const string = (value: string): ValueKind => ({ case: 'stringValue', value });
const list = (...kinds: ValueKind[]) => listValue(kinds.map(toValue)).kind as ValueKind;

/** Runs for minutes unless it is stopped. */
const endless = 'UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y)';

let graph: TestGraph;

beforeAll(async () => {
  graph = await openTestGraph({ bufferPoolBytes: 64 * 2 ** 20, tier: { statementCharactersMax: 2_000 } });
  await graph.execute('CREATE NODE TABLE Person(id INT64 PRIMARY KEY, name STRING)');
  await graph.execute("CREATE (:Person {id: 1, name: 'Ada'}), (:Person {id: 2, name: 'Grace'})");
});
afterAll(() => graph.close());

describe('Query', () => {
  test('answers with columns, typed rows, their number and the revision', async () => {
    const answer = await graph.query('MATCH (p:Person) RETURN p.name AS name, p.id ORDER BY p.id');
    expect(answer.columns).toMatchObject([
      { name: 'name', type: 'STRING' },
      { name: 'p.id', type: 'INT64' },
    ]);
    expect(kindsOf(answer)).toEqual([string('Ada'), int64(1n)]);
    expect(answer).toMatchObject({ rowCount: 2, revision: '3.2', truncated: false });
    expect(answer.elapsedMs).toBeGreaterThan(0);
  });

  test('binds parameters', async () => {
    const answer = await graph.query('MATCH (p:Person {id: $id}) WHERE p.name <> $other RETURN p.name', {
      id: int64(2n),
      other: string('Ada'),
    });
    expect(kindsOf(answer)).toEqual([string('Grace')]);
  });

  test('cuts at max_rows and says so', async () => {
    const answer = await graph.query('UNWIND range(1, 20000) AS i RETURN i ORDER BY i', {}, { maxRows: 3 });
    expect(answer).toMatchObject({ rowCount: 3, truncated: true });
    const all = await graph.query('UNWIND range(1, 3) AS i RETURN i', {}, { maxRows: 3 });
    expect(all).toMatchObject({ rowCount: 3, truncated: false });
  });

  test('refuses what is too large for one answer, by rows and by bytes', async () => {
    expect(await failureOf(graph.query('UNWIND range(1, 10001) AS i RETURN i'))).toEqual({
      reason: 'RESULT_TOO_LARGE',
      limit_rows: '10000',
    });
    const wide = "UNWIND range(1, 4000) AS i RETURN repeat('x', 1000)";
    expect(await failureOf(graph.query(wide))).toMatchObject({ reason: 'RESULT_TOO_LARGE' });
    expect((await graph.query('UNWIND range(1, 10000) AS i RETURN i')).rowCount).toBe(10_000);
  });

  test.each([
    ['a literal', '1000000'],
    ['a parameter', '$n'],
  ])('takes little memory for a long range to %s', async (_, to) => {
    const before = process.memoryUsage.rss();
    const statement = `UNWIND range(1, ${to}) AS i RETURN count(i) AS n, min(i), max(i), sum(i)`;
    const answer = await graph.query(statement, to === '$n' ? { n: int64(1_000_000n) } : {});
    expect(kindsOf(answer).slice(0, 3)).toEqual([int64(1_000_000n), int64(1n), int64(1_000_000n)]);
    expect(answer.columns.map(({ name }) => name)).toEqual(['n', 'MIN(i)', 'MAX(i)', 'SUM(i)']);
    // The engine's constant takes more than 500 MiB.
    expect(process.memoryUsage.rss() - before).toBeLessThan(256 * 2 ** 20);
  });

  test('refuses statements that write, with their place', async () => {
    expect(await failureOf(graph.query('MATCH (p)\n  DELETE p'))).toEqual({
      reason: 'STATEMENT_WRITES',
      construct: 'DELETE',
      line: '2',
      column: '3',
      offset: '12',
    });
  });

  test.each([
    ["LOAD FROM '/etc/passwd' RETURN *", 'STATEMENT_NOT_ALLOWED'],
    ["CALL current_setting('threads') RETURN *", 'STATEMENT_NOT_ALLOWED'],
    ['MATCH (p RETURN p', 'STATEMENT_INVALID'],
    ['MATCH (p:Person) RETURN p.nothing', 'STATEMENT_INVALID'],
    ['MATCH (p:Nobody) RETURN p', 'STATEMENT_INVALID'],
    ['RETURN 1 / 0', 'STATEMENT_FAILED'],
    ["RETURN cast('x' AS INT64)", 'STATEMENT_FAILED'],
    [`RETURN '${'x'.repeat(2_000)}'`, 'STATEMENT_TOO_LONG'],
  ])('refuses: %s', async (statement, reason) => {
    expect(await failureOf(graph.query(statement))).toMatchObject({ reason });
  });

  test('wants a value for each parameter, and no other', async () => {
    expect(await failureOf(graph.query('RETURN $a'))).toEqual({
      reason: 'PARAMETER_INVALID',
      parameter: 'a',
    });
    expect(await failureOf(graph.query('RETURN 1', { b: int64(1n) }))).toEqual({
      reason: 'PARAMETER_INVALID',
      parameter: 'b',
    });
  });

  test('hides the graph from other organizations, and other graphs from this one', async () => {
    const principal = create(PrincipalSchema, { organizationId: 'org_other' });
    const context = testContext({ caller: { service: 'edge', principal, assertion: '' } });
    expect(await failureOf(graph.query('RETURN 1', {}, { context }))).toMatchObject({
      reason: 'GRAPH_NOT_FOUND',
    });
    const anonymous = testContext({ caller: { service: 'edge', assertion: '' } });
    expect(await failureOf(graph.query('RETURN 1', {}, { context: anonymous }))).toMatchObject({
      reason: 'CREDENTIAL_MISSING',
    });
  });

  test('reads no state older than asked for', async () => {
    const { revision } = await graph.query('RETURN 1');
    const read = (atLeastRevision: string) => graph.query('RETURN 1', {}, { atLeastRevision });
    await expect(read(revision ?? '')).resolves.toMatchObject({ rowCount: 1 });
    await expect(read('2.999999')).resolves.toMatchObject({ rowCount: 1 });
    expect(await failureOf(read('3.999999'))).toEqual({ reason: 'REVISION_NOT_REACHED', revision });
    expect(await failureOf(read('4.0'))).toMatchObject({ reason: 'REVISION_NOT_REACHED' });
    expect(await failureOf(read('yesterday'))).toMatchObject({ reason: 'INVALID_REQUEST' });
  });

  test('stops at its timeout, at the deadline of the call and when the caller leaves', async () => {
    expect(await failureOf(graph.query(endless, {}, { timeoutMs: 50 }))).toEqual({
      reason: 'DEADLINE_EXCEEDED',
    });
    const soon = testContext({ deadlineMs: Date.now() + 50 });
    expect(await failureOf(graph.query(endless, {}, { context: soon }))).toEqual({
      reason: 'DEADLINE_EXCEEDED',
    });
    const left = new AbortController();
    const call = graph.query(endless, {}, { timeoutMs: 500, context: { signal: left.signal } });
    left.abort();
    expect(await failureOf(call)).toEqual({ reason: 'CANCELLED' });
    expect(graph.broken).toEqual([]);
  });

  test('says where a statement needs more memory than there is, and goes on', async () => {
    const wide =
      'UNWIND range(1, 1500) AS x UNWIND range(1, 1500) AS y WITH x + y * 10000 AS k, count(*) AS c RETURN count(k)';
    expect(await failureOf(graph.query(wide))).toEqual({ reason: 'OUT_OF_MEMORY' });
    expect(await graph.query('RETURN 1')).toMatchObject({ rowCount: 1 });
  });

  test('keeps paths and long lists of the engine out of its errors', async () => {
    await expect(graph.query("RETURN 1 + 'a'")).rejects.toThrow(
      /^Cannot match a built-in function for given function \+\(INT64,STRING\)\.$/,
    );
  });
});

describe('statements that the engine does not survive when they are prepared', () => {
  test.each([
    ['WITH map($k, $v) AS m RETURN map_keys(m) AS x', { k: list(int64(1n)), v: list(string('a')) }],
    ['RETURN list_sum($k) AS x', { k: list(int64(1n), int64(2n)) }],
    ['RETURN list_contains($k, 1) AS x', { k: list(int64(1n)) }],
    ['UNWIND $k AS i RETURN sum(i) AS x', { k: list(int64(1n), int64(2n)) }],
    [
      'UNWIND $rows AS r RETURN sum(r.a) AS x',
      { rows: list(struct({ a: int64(1n) }), struct({ a: int64(2n) })) },
    ],
    ['WITH $s AS y RETURN upper(y) AS x', { s: string('a') }],
  ] satisfies [string, Record<string, ValueKind>][])('%s', async (statement, parameters) => {
    expect(await graph.query(statement, parameters)).toMatchObject({ rowCount: 1 });
  });

  test.each([
    ['RETURN keys($s) AS x', { s: string('a') }],
    ['WITH $s AS y RETURN nodes(y) AS x', { s: string('a') }],
    ['WITH $s AS y RETURN y.a AS x', { s: string('a') }],
  ] satisfies [string, Record<string, ValueKind>][])(
    'and are wrong besides: %s',
    async (statement, parameters) => {
      expect(await failureOf(graph.query(statement, parameters))).toMatchObject({
        reason: 'STATEMENT_INVALID',
      });
    },
  );
});

function struct(fields: Record<string, ValueKind>): ValueKind {
  return {
    case: 'structValue',
    value: {
      $typeName: 'trellis.graph.v1.Struct',
      fields: Object.entries(fields).map(([name, kind]) => toField(name, toValue(kind))),
    },
  };
}
