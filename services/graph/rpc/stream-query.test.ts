import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { failureOf, openTestGraph, type TestGraph, testContext } from '../engine/testing.ts';

let graph: TestGraph;
beforeAll(async () => {
  graph = await openTestGraph({ tier: { batchRows: 1_000 } });
});
afterAll(() => graph.close());

const collect = async (stream: ReturnType<TestGraph['stream']>) => {
  const messages = [];
  for await (const message of stream) messages.push(create(StreamQueryResponseSchema, message));
  return messages;
};

describe('StreamQuery', () => {
  test('gives the columns, then batches of the size of the tier, then done', async () => {
    const messages = await collect(graph.stream('UNWIND range(1, 25000) AS i RETURN i, -i AS j ORDER BY i'));
    expect(messages[0]).toMatchObject({ columns: [{ name: 'i' }, { name: 'j' }], rows: [] });
    const batches = messages.slice(1, -1);
    expect(batches.map((message) => message.rows.length)).toEqual(Array(25).fill(1_000));
    const values = batches.flatMap((message) => message.rows.map((row) => row.values[0]?.kind.value));
    expect(values).toEqual(Array.from({ length: 25_000 }, (_, index) => BigInt(index + 1)));
    expect(messages.at(-1)).toMatchObject({ done: { rowCount: 25_000, truncated: false, revision: '3.0' } });
  });

  test('keeps each message within 512 KiB', async () => {
    const messages = await collect(graph.stream("UNWIND range(1, 3000) AS i RETURN repeat('é', 500) AS s"));
    const sizes = messages.map((message) => toBinary(StreamQueryResponseSchema, message).length);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512 * 2 ** 10);
    expect(messages.at(-1)).toMatchObject({ done: { rowCount: 3_000 } });
  });

  test('is exact from the first row on, though only the last is unsafe', async () => {
    const messages = await collect(
      graph.stream(
        'UNWIND range(1, 20000) AS i RETURN CASE WHEN i = 20000 THEN 9223372036854775807 ELSE i END AS x',
      ),
    );
    expect(messages.at(-2)?.rows.at(-1)?.values[0]?.kind.value).toBe(2n ** 63n - 1n);
    expect(messages.at(-1)).toMatchObject({ done: { rowCount: 20_000 } });
  });

  test('cuts at max_rows and says so', async () => {
    const messages = await collect(graph.stream('UNWIND range(1, 20000) AS i RETURN i', { maxRows: 1_500 }));
    expect(messages.map((message) => message.rows.length)).toEqual([0, 1_000, 500, 0]);
    expect(messages.at(-1)).toMatchObject({ done: { rowCount: 1_500, truncated: true } });
  });

  test('ends with the error of a statement', async () => {
    expect(await failureOf(collect(graph.stream('RETURN nope')))).toMatchObject({
      reason: 'STATEMENT_INVALID',
    });
    expect(await failureOf(collect(graph.stream('CREATE (n:T)')))).toMatchObject({
      reason: 'STATEMENT_WRITES',
    });
  });

  test('ends while rows are left when the caller leaves or the time is over', async () => {
    const left = new AbortController();
    const stream = graph.stream('UNWIND range(1, 100000) AS i RETURN i', {
      context: { signal: left.signal },
    });
    const iterator = stream[Symbol.asyncIterator]();
    await iterator.next();
    await iterator.next();
    left.abort();
    expect(await failureOf(iterator.next())).toEqual({ reason: 'CANCELLED' });
    const over = testContext({ deadlineMs: Date.now() + 2_000 });
    const slow = graph
      .stream('UNWIND range(1, 3000) AS i RETURN i', { context: over })
      [Symbol.asyncIterator]();
    await slow.next();
    await expect.poll(() => Date.now() > (over.deadlineMs ?? 0), { timeout: 5_000 }).toBe(true);
    expect(await failureOf(slow.next())).toEqual({ reason: 'DEADLINE_EXCEEDED' });
  });

  test('lets writes and checkpoints by while its caller takes time', async () => {
    await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
    const stream = graph.stream('UNWIND range(1, 5000) AS i RETURN i')[Symbol.asyncIterator]();
    await stream.next();
    await graph.execute('CREATE (:T {id: 1})');
    await graph.graph.engine.checkpoint({
      deadlineMs: Date.now() + 5_000,
      signal: new AbortController().signal,
    });
    const { value } = await stream.next();
    expect(value?.rows).toHaveLength(1_000);
    await stream.return?.();
  });
});
