import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EngineTransaction } from '../graph-engine.ts';
import { failureOf, kindsOf, openTestGraph, type TestGraph } from '../testing.ts';

/** Takes the engine a good part of a second, and minutes. */
const slow = 'UNWIND range(1, 8000) AS x UNWIND range(1, 8000) AS y RETURN sum(x * y)';
const endless = 'UNWIND range(1, 100000) AS x UNWIND range(1, 100000) AS y RETURN sum(x * y)';

let graph: TestGraph;
let isTight = false;
const limits = (ms = 20_000) => ({ deadlineMs: Date.now() + ms, signal: new AbortController().signal });
const logBytes = async () =>
  (await stat(join(graph.directory, 'graph.kuzu.wal')).catch(() => undefined))?.size ?? 0;
const count = async () => {
  const [kind] = kindsOf(await graph.query('MATCH (n:T) RETURN count(n)')) as { value: bigint }[];
  return Number(kind?.value);
};

beforeAll(async () => {
  graph = await openTestGraph({
    connectionsMax: 2,
    threadsPerStatement: 3,
    readsWaitingMax: 3,
    writesWaitingMax: 2,
    checkpointBytes: 100_000,
    isTight: () => isTight,
  });
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)');
});
afterAll(() => graph.close());

describe('the engine', () => {
  test('runs a statement with as many threads as it was told', async () => {
    const row = await graph.graph.engine.read(limits(), async (transaction) => {
      const result = await transaction.run("CALL current_setting('threads') RETURN *");
      const [first] = result.read(1);
      result.close();
      return first;
    });
    expect(row).toEqual({ threads: '3' });
  });

  test('commits a write while a read goes on, without waiting for it', async () => {
    const order: string[] = [];
    const read = graph.query(slow).then(() => order.push('read'));
    const write = graph.execute('CREATE (:T {id: 1})').then(() => order.push('write'));
    await Promise.all([read, write]);
    expect(order).toEqual(['write', 'read']);
  });

  test('queues writes, up to a bound', async () => {
    const writes = [10, 11, 12, 13].map((id) => graph.execute(`CREATE (:T {id: ${id}})`));
    const results = await Promise.allSettled(writes);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled', 'rejected']);
    const busy = await failureOf(writes[3] ?? Promise.resolve());
    expect(busy).toEqual({ reason: 'GRAPH_BUSY' });
    expect(await count()).toBe(4);
  });

  test('queues reads, up to a bound', async () => {
    const reads = Array.from({ length: 7 }, () => graph.query(endless, {}, { timeoutMs: 300 }));
    const reasons = await Promise.all(reads.map((read) => failureOf(read)));
    expect(reasons.filter(({ reason }) => reason === 'GRAPH_BUSY')).toHaveLength(2);
    expect(reasons.filter(({ reason }) => reason === 'DEADLINE_EXCEEDED')).toHaveLength(5);
    expect(await graph.query('RETURN 1')).toMatchObject({ rowCount: 1 });
  });

  test('goes on after calls whose callers left', async () => {
    for (let round = 0; round < 5; round += 1) {
      const left = new AbortController();
      const call = graph.query(endless, {}, { timeoutMs: 200, context: { signal: left.signal } });
      left.abort();
      expect(await failureOf(call)).toEqual({ reason: 'CANCELLED' });
    }
    expect(await graph.query('RETURN 1')).toMatchObject({ rowCount: 1 });
    expect(graph.broken).toEqual([]);
  });

  test('empties its log once nothing runs, and never reports a committed write as failed', async () => {
    const text = 'x'.repeat(300);
    const read = graph.query(slow);
    for (let id = 1_000; id < 1_400; id += 50) {
      await graph.execute(`UNWIND range(${id}, ${id + 49}) AS i CREATE (:T {id: i, s: '${text}'})`);
    }
    const grown = await logBytes();
    expect(grown).toBeGreaterThan(100_000);
    await read;
    await graph.execute('CREATE (:T {id: 2000})');
    await expect.poll(logBytes).toBeLessThan(grown);
    expect(await count()).toBe(4 + 400 + 1);
  });

  test('checkpoints on demand, after what runs', async () => {
    await graph.execute('CREATE (:T {id: 3000})');
    expect(await logBytes()).toBeGreaterThan(0);
    const read = graph.query(slow);
    await graph.graph.engine.checkpoint(limits());
    await read;
    expect(await logBytes()).toBe(0);
    await expect(
      graph.graph.engine.checkpoint({ ...limits(), deadlineMs: Date.now() }),
    ).rejects.toMatchObject({
      kind: 'timeout',
    });
  });

  test('survives a checkpoint after properties were dropped', async () => {
    await graph.execute('CREATE NODE TABLE D(id INT64 PRIMARY KEY, p INT64, q INT64)');
    await graph.execute('CREATE REL TABLE E(FROM D TO D, p INT64, q INT64)');
    await graph.execute('CREATE (:D {id: 1, q: 1})-[:E {q: 1}]->(:D {id: 2, q: 2})');
    await graph.execute('ALTER TABLE D DROP p');
    await graph.execute('ALTER TABLE E DROP p');
    await graph.execute('CREATE (:D {id: 3, q: 3})-[:E {q: 3}]->(:D {id: 4, q: 4})');
    await graph.execute('MATCH (d:D {id: 1})-[e:E]->() SET d.q = 5, e.q = 5');
    await graph.graph.engine.checkpoint(limits());
    const sums = kindsOf(await graph.query('MATCH (d:D)-[e:E]->(f:D) RETURN sum(d.q + e.q + f.q)'));
    expect(sums).toMatchObject([{ value: '22' }]);
    expect(graph.broken).toEqual([]);
  });

  test('refuses a write in a read, also where the gate would not', async () => {
    const write = graph.graph.engine.read(limits(), (transaction) =>
      transaction.run('CREATE (:T {id: 4000})', {}),
    );
    await expect(write).rejects.toThrow('Can not execute a write query inside a read-only transaction');
    const once = graph.graph.engine.read(limits(), (transaction) =>
      transaction.run('CREATE (:T {id: 4000})'),
    );
    await expect(once).rejects.toThrow('Can not execute a write query inside a read-only transaction');
    expect((await graph.query('MATCH (n:T {id: 4000}) RETURN n')).rowCount).toBe(0);
  });

  test('runs one statement at a time where memory is short, and none beside a result that is still read', async () => {
    isTight = true;
    const order: string[] = [];
    const read = (name: string) => (transaction: EngineTransaction) =>
      transaction.run('UNWIND range(1, 3) AS i RETURN i').then((result) => {
        order.push(name);
        return result;
      });
    const first = await graph.graph.engine.read(limits(), read('first'));
    const second = graph.graph.engine.read(limits(), read('second'));
    const write = graph.execute('CREATE (:T {id: 4000})').then(() => order.push('write'));
    const late = graph.query('RETURN 1', {}, { timeoutMs: 100 });
    expect(await failureOf(late)).toEqual({ reason: 'DEADLINE_EXCEEDED' });
    expect(order).toEqual(['first']);
    first.close();
    (await second).close();
    await write;
    expect(order).toEqual(['first', 'second', 'write']);
    isTight = false;
  });

  test('rolls back where the work says so, and where it throws', async () => {
    const before = graph.graph.engine.commits;
    const given = await graph.graph.engine.write(limits(), async (transaction) => {
      (await transaction.run('CREATE (:T {id: 5000})')).close();
      return { commit: false, result: 'no' };
    });
    expect(given).toEqual({ result: 'no', commits: before });
    const thrown = graph.graph.engine.write(limits(), async (transaction) => {
      (await transaction.run('CREATE (:T {id: 5000})')).close();
      throw new Error('changed my mind');
    });
    await expect(thrown).rejects.toThrow();
    expect((await graph.query('MATCH (n:T {id: 5000}) RETURN n')).rowCount).toBe(0);
  });

  test('lets several reads see one state where they must', async () => {
    const counts = await graph.graph.engine.read(limits(), (transaction) =>
      transaction.snapshot(async () => {
        const read = async () => {
          const result = await transaction.run('MATCH (n:T) RETURN count(n) AS n');
          const [row] = result.read(1);
          result.close();
          return row?.n;
        };
        const first = await read();
        await graph.execute('CREATE (:T {id: 6000})');
        return [first, await read()];
      }),
    );
    expect(counts[0]).toBe(counts[1]);
    expect(await count()).toBe(Number(counts[0]) + 1);
  });

  test('replaces worn connections and keeps on', async () => {
    const statements = Array.from({ length: 2_500 }, (_, index) => `RETURN ${index} AS x`);
    for (const statement of statements) await graph.query(statement);
    expect(kindsOf(await graph.query('RETURN 1 AS x'))).toMatchObject([{ value: 1n }]);
  });

  test('asks for another process after a copy that failed', async () => {
    const copy = graph.graph.engine.copy(limits(), async (transaction) => {
      await transaction.run("COPY T FROM '/nowhere.csv'");
      return { commit: true, result: undefined, changesSchema: false };
    });
    await expect(copy).rejects.toMatchObject({ kind: 'invalid' });
    await expect.poll(() => graph.broken).toEqual(['a copy was rolled back']);
  });
});
