import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  ImportStage,
  ImportTableRequestSchema,
  type WatchImportResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { failureOf, openTestGraph, type TestGraph, testContext, testGraphId } from '../engine/testing.ts';
import { importTable } from './import-table.ts';

let graph: TestGraph;

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 23 });
  await graph.execute('CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)');
});
afterAll(() => graph.close());

type News = MessageInitShape<typeof WatchImportResponseSchema>;

async function collect(news: AsyncIterable<News>): Promise<News[]> {
  const all: News[] = [];
  for await (const part of news) all.push(part);
  return all;
}

const stagesOf = (all: readonly News[]) => [...new Set(all.map(({ stage }) => stage))];

describe('WatchImport', () => {
  test('tells of an import from before it begins to its end', async () => {
    const watched = collect(graph.watch('import-1'));
    const rows = Array.from({ length: 60_000 }, (_, id) => `${id},${'x'.repeat(50)}\n`);
    const chunks = Array.from({ length: 60 }, (_, at) => rows.slice(at * 1_000, (at + 1) * 1_000).join(''));
    const { revision, rowCount } = await graph.import({ table: 'T', importId: 'import-1' }, ...chunks);
    const all = await watched;
    expect(stagesOf(all)).toEqual([
      ImportStage.EXPECTED,
      ImportStage.RECEIVING,
      ImportStage.CHECKING,
      ImportStage.LOADING,
      ImportStage.DONE,
    ]);
    expect(all.at(-1)).toMatchObject({
      bytesReceived: BigInt(rows.join('').length),
      rowsRead: rowCount,
      rowCount,
      revision,
      reason: '',
      refusedRows: [],
    });
    const received = all.map(({ bytesReceived }) => Number(bytesReceived));
    expect(received).toEqual(received.toSorted((a, b) => a - b));
    expect(new Set(received).size).toBeGreaterThan(3);
    const again = await collect(graph.watch('import-1'));
    expect(again).toEqual([all.at(-1)]);
  });

  test('tells at the end why nothing was loaded, with the rows', async () => {
    const lines = Array.from({ length: 150 }, (_, index) => `x${index},s\n`);
    const call = graph.import({ table: 'T', importId: 'broken' }, lines.join(''));
    expect(await failureOf(call)).toMatchObject({ reason: 'IMPORT_ROW_INVALID', line: '1' });
    const [last] = await collect(graph.watch('broken'));
    expect(last).toMatchObject({ stage: ImportStage.FAILED, reason: 'IMPORT_ROW_INVALID', rowCount: 0 });
    expect(last?.refusedRows).toHaveLength(100);
    expect(last?.refusedRows?.at(-1)).toEqual({ line: 100, column: 'id', reason: '"x99" is no INT64' });
  });

  test('refuses a second import with the id of one under way', async () => {
    const begun = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const upload = async function* () {
      yield create(ImportTableRequestSchema, {
        graphId: testGraphId,
        table: 'T',
        importId: 'twice',
        body: { contentType: 'text/csv' },
      });
      begun.resolve();
      await end.promise;
    };
    const first = importTable(graph.graph, upload(), testContext());
    await begun.promise;
    expect(await failureOf(graph.import({ table: 'T', importId: 'twice' }, '1,a\n'))).toMatchObject({
      reason: 'INVALID_REQUEST',
    });
    end.resolve();
    expect((await first).rowCount).toBe(0);
    expect(stagesOf(await collect(graph.watch('twice')))).toEqual([ImportStage.DONE]);
  });

  test('ends with the call, and lets so many watch and no more', async () => {
    const over = new AbortController();
    const watching = Array.from({ length: 64 }, () => graph.watch('never', { signal: over.signal }));
    const iterators = watching.map((news) => news[Symbol.asyncIterator]());
    const firsts = await Promise.all(iterators.map((iterator) => iterator.next()));
    expect(firsts.every(({ value }) => value.stage === ImportStage.EXPECTED)).toBe(true);
    expect(await failureOf(collect(graph.watch('never')))).toMatchObject({ reason: 'GRAPH_BUSY' });
    const nexts = iterators.map((iterator) => failureOf(iterator.next()));
    over.abort();
    expect(new Set((await Promise.all(nexts)).map(({ reason }) => reason))).toEqual(new Set(['CANCELLED']));
    const late = graph.watch('never', { deadlineMs: Date.now() + 50 });
    expect(await failureOf(collect(late))).toMatchObject({ reason: 'DEADLINE_EXCEEDED' });
  });

  test('is of its graph only', async () => {
    const context = testContext();
    const stranger = {
      ...context,
      caller: { ...context.caller, principal: undefined },
    } as unknown as typeof context;
    await expect(collect(graph.watch('import-1', stranger))).rejects.toThrow();
  });
});
