import { open, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { fc } from '../../mesh/properties.testing.ts';
import { toImportError } from '../engine/import/import-errors.ts';
import { readFooter } from '../engine/import/parquet/read-footer.ts';
import { encodeThrift, i32, i64, list, struct, text } from '../engine/import/parquet/thrift-compact.ts';
import {
  failureOf,
  kindsOf,
  openTestGraph,
  type TestGraph,
  testContext,
  testGraphId,
  violationsOf,
} from '../engine/testing.ts';
import { importTable } from './import-table.ts';

let graph: TestGraph;
const parquet = { contentType: 'application/vnd.apache.parquet' };
const limits = { deadlineMs: Date.now() + 600_000, signal: new AbortController().signal };

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 22 });
  await graph.execute(
    'CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING, p DECIMAL(10, 2), small INT8, v DOUBLE[2], at TIMESTAMP)',
  );
  await graph.execute('CREATE REL TABLE R(FROM T TO T, weight DOUBLE)');
  await graph.execute(
    `CREATE NODE TABLE Source(id INT64 PRIMARY KEY, s STRING, p STRING, small INT64, v DOUBLE[], at TIMESTAMP,
     next INT64, far INT64, weight DOUBLE)`,
  );
  await graph.execute(
    `UNWIND range(1, 6010) AS i CREATE (:Source {id: i, s: cast(i AS STRING), p: '1.25', small: i % 100,
     v: [1.5, 2.5], at: timestamp('2020-01-02 03:04:05.000006'), next: i + 1, far: i + 999999,
     weight: cast(i AS DOUBLE)})`,
  );
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

/** A Parquet file as the engine itself writes the rows of a query. */
async function fileOf(query: string): Promise<Buffer> {
  const path = join(graph.directory, 'written.parquet');
  await graph.graph.engine.read(limits, async (transaction) => {
    (await transaction.run(`COPY (${query}) TO '${path}'`)).close();
  });
  const bytes = await readFile(path);
  await rm(path);
  return bytes;
}

/** Rows with these ids; some columns may be told otherwise. The engine writes no constants that it could read. */
function rows(from: number, to: number, other: Record<string, string> = {}, more = ''): string {
  const columns = { id: 'n.id', s: 'n.s', p: 'n.p', small: 'n.small', v: 'n.v', at: 'n.at', ...other };
  const told = Object.entries(columns).flatMap(([name, told]) => (told === '' ? [] : [`${told} AS ${name}`]));
  return `MATCH (n:Source) WHERE n.id >= ${from} AND n.id <= ${to} RETURN ${told.join(', ')}${more}`;
}

const count = async () =>
  Number((kindsOf(await graph.query('MATCH (n:T) RETURN count(*)'))[0] as { value: bigint }).value);

describe('ImportTable of Parquet', () => {
  test('loads a file by the names of its columns, in whatever pieces it comes', async () => {
    const file = await fileOf(rows(1, 5_000));
    const half = file.length >> 1;
    const answer = await graph.import(
      { table: 'T', body: parquet },
      file.subarray(0, half),
      file.subarray(half),
    );
    expect(answer.rowCount).toBe(5_000);
    const read = await graph.query('MATCH (n:T {id: 4999}) RETURN n.s, n.p, n.small, n.v, n.at');
    expect(kindsOf(read)).toMatchObject([
      { value: '4999' },
      { value: '1.25' },
      { value: 99n },
      { value: { values: [{ kind: { value: 1.5 } }, { kind: { value: 2.5 } }] } },
      { value: { sinceEpoch: 1_577_934_245_000_006n } },
    ]);
    const edges = await fileOf(
      'MATCH (n:Source) WHERE n.id <= 4000 RETURN n.weight AS weight, n.next AS `to`, n.id AS `from`',
    );
    expect((await graph.import({ table: 'R', body: parquet }, edges)).rowCount).toBe(4_000);
    const sum = await graph.query(
      'MATCH (a:T)-[r:R]->(b:T) WHERE b.id = a.id + 1 RETURN count(*), sum(r.weight)',
    );
    expect(kindsOf(sum)).toMatchObject([{ value: 4_000n }, { value: 8_002_000 }]);
  });

  test.each([
    ['a key twice', rows(6_000, 6_010, { id: '6000 + n.id % 10' }), 'same primary key'],
    ['a key that exists', rows(5_000, 5_010), 'exists already'],
    [
      'an empty key',
      rows(6_000, 6_010, { id: 'CASE WHEN n.id = 6003 THEN NULL ELSE n.id END' }),
      'the primary key is empty',
    ],
    ['a number beyond its type', rows(6_000, 6_010, { small: 'n.id - 5880' }), 'line 9, small: is no INT8'],
    [
      'a decimal that would be rounded',
      rows(6_000, 6_010, { p: "n.p + '5'" }),
      'line 1, p: is no DECIMAL(10, 2)',
    ],
    [
      'an array of another length',
      rows(6_000, 6_010, { v: 'list_append(n.v, 1.0)' }),
      'must have 2 elements, not 3',
    ],
  ])('refuses %s and loads nothing', async (_, query, message) => {
    const before = await count();
    const call = graph.import({ table: 'T', body: parquet }, await fileOf(query));
    expect(await failureOf(call)).toMatchObject({ reason: 'IMPORT_ROW_INVALID' });
    await expect(call).rejects.toThrow(message);
    expect(await count()).toBe(before);
  });

  test('refuses ends that are not there', async () => {
    const edges = await fileOf(
      'MATCH (n:Source) WHERE n.id <= 3 RETURN n.id AS `from`, n.far AS `to`, n.weight AS weight',
    );
    expect(await violationsOf(graph.import({ table: 'R', body: parquet }, edges))).toEqual(
      [1, 2, 3].map((i) => ({
        field: `lines[${i}].to`,
        description: `"${i + 999_999}": there is no T with this primary key`,
      })),
    );
  });

  test('names every column that does not fit, before any row is read', async () => {
    const query = rows(1, 3, { s: 'n.next', p: '' }, ', n.far AS extra');
    const call = graph.import({ table: 'T', body: parquet }, await fileOf(query));
    expect(await failureOf(call)).toMatchObject({ reason: 'INVALID_REQUEST' });
    expect(await violationsOf(call)).toEqual([
      { field: 'columns.extra', description: 'is no property of the table' },
      { field: 'columns.s', description: 'is INT64 in the file and STRING in the table' },
      { field: 'columns.p', description: 'is missing in the file' },
    ]);
  });

  test('refuses what is no Parquet file, and says nothing of where it was', async () => {
    for (const bytes of ['', 'PAR1', 'PAR1xxxxPAR1', `PAR1${'x'.repeat(100)}`]) {
      const call = graph.import({ table: 'T', body: parquet }, bytes);
      expect(await failureOf(call)).toMatchObject({ reason: 'INVALID_REQUEST' });
      await expect(call).rejects.not.toThrow(/upload|\//);
    }
  });

  test('takes every broken footer for what it is', async () => {
    const file = await fileOf(rows(1, 50));
    const path = join(graph.directory, 'broken.parquet');
    const footerBytes = file.readUInt32LE(file.length - 8);
    const footer = fc.integer({ min: file.length - 8 - footerBytes, max: file.length - 1 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(footer, fc.nat({ max: 255 })), { minLength: 1, maxLength: 4 }),
        async (edits) => {
          const broken = Buffer.from(file);
          for (const [at, byte] of edits) broken[at] = byte;
          await writeFile(path, broken);
          const handle = await open(path, 'r');
          const read = await readFooter(handle).catch(toImportError);
          await handle.close();
          if (read instanceof Error) expect(read).toMatchObject({ reason: ErrorReason.INVALID_REQUEST });
          else expect(read).toMatchObject({ columns: expect.any(Array) });
        },
      ),
      { numRuns: 500 },
    );
    await rm(path, { force: true });
  });

  test('lets no broken page come near the engine, which would not survive it', async () => {
    const file = await fileOf(rows(1, 2_000));
    const dataBytes = file.length - 8 - file.readUInt32LE(file.length - 8);
    const before = await count();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.integer({ min: 4, max: dataBytes - 1 }), fc.nat({ max: 255 })), {
          minLength: 1,
          maxLength: 5,
        }),
        async (edits) => {
          const broken = Buffer.from(file);
          for (const [at, byte] of edits) broken[at] = byte;
          // Keys of these rows are there already, so that even a file that is still one is refused.
          const { reason } = await failureOf(graph.import({ table: 'T', body: parquet }, broken));
          expect(['INVALID_REQUEST', 'IMPORT_ROW_INVALID']).toContain(reason);
        },
      ),
      { numRuns: 60 },
    );
    expect(await count()).toBe(before);
  });

  test('refuses a file that is too large when it is inflated', async () => {
    const small = { ...graph.graph, importBytesMax: 2_000 };
    const file = gzipped(20_000);
    const messages = async function* () {
      yield create(ImportTableRequestSchema, {
        graphId: testGraphId,
        table: 'Flag',
        body: { ...parquet, data: file },
      });
    };
    await graph.execute('CREATE NODE TABLE Flag(k STRING PRIMARY KEY)');
    await expect(importTable(small, messages(), testContext())).rejects.toThrow('bytes when it is inflated');
  });
});

/** A file of one column `k` with one text of so many bytes, compressed to a few. */
function gzipped(bytes: number): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(bytes);
  const content = Buffer.concat([length, Buffer.alloc(bytes, 'x')]);
  const page = gzipSync(content);
  const description = struct({ 1: i32(1), 2: i32(0), 3: i32(3), 4: i32(3) });
  const sizes = { 1: i32(0), 2: i32(content.length), 3: i32(page.length) };
  const header = encodeThrift(struct({ ...sizes, 5: description }));
  const chunkBytes = i64(header.length + page.length);
  const metadata = struct({
    ...{ 1: i32(6), 2: list([i32(0)]), 3: list([text('k')]), 4: i32(2), 5: i64(1) },
    ...{ 6: chunkBytes, 7: chunkBytes, 9: i64(4) },
  });
  const group = struct({ 1: list([struct({ 2: i64(4), 3: metadata })]), 2: chunkBytes, 3: i64(1) });
  const column = struct({ 1: i32(6), 3: i32(0), 4: text('k'), 6: i32(0) });
  const schema = list([struct({ 4: text('root'), 5: i32(1) }), column]);
  const footer = encodeThrift(struct({ 1: i32(1), 2: schema, 3: i64(1), 4: list([group]) }));
  const footerLength = Buffer.alloc(4);
  footerLength.writeUInt32LE(footer.length);
  return Buffer.concat([Buffer.from('PAR1'), header, page, footer, footerLength, Buffer.from('PAR1')]);
}
