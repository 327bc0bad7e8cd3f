import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failureOf, openTestGraph, type TestGraph } from '../engine/testing.ts';

let graph: TestGraph;
const ndjson = { contentType: 'application/x-ndjson' };
const cells = async (query: string) =>
  (await graph.query(query)).rows?.map(({ values }) => values?.map(({ kind }) => kind?.value));

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 25 });
  await graph.execute(
    "CREATE NODE TABLE T(id INT64 PRIMARY KEY, d INT64 DEFAULT 7, s STRING DEFAULT 'x', x BLOB)",
  );
  await graph.execute('CREATE NODE TABLE Numbered(id SERIAL PRIMARY KEY, name STRING)');
  await graph.execute('CREATE REL TABLE Next(FROM Numbered TO Numbered, note STRING)');
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

describe('ImportTable', () => {
  test.each([
    ['no bytes', { table: 'T' }, ''],
    ['nothing but a header', { table: 'T', csv: { header: true } }, 'id,d,s,x\n'],
    ['nothing but a header without its end', { table: 'T', csv: { header: true } }, 'id,d,s,x'],
    ['nothing but a byte order mark', { table: 'T' }, '\ufeff'],
    ['nothing but empty lines', { table: 'T' }, '\r\n\n\r\n'],
    ['no bytes of NDJSON', { table: 'T', body: ndjson }, ''],
    ['nothing but empty lines of NDJSON', { table: 'T', body: ndjson }, '\ufeff\n \r\n'],
    ['no relationships', { table: 'Next' }, ''],
  ])('loads no row of a file with %s', async (_, first, text) => {
    expect((await graph.import(first, text)).rowCount).toBe(0);
  });

  test('refuses an empty file of Parquet, which has no footer', async () => {
    const body = { contentType: 'application/vnd.apache.parquet' };
    expect(await failureOf(graph.import({ table: 'T', body }))).toMatchObject({ reason: 'INVALID_REQUEST' });
  });

  test('takes what is empty, missing or says NULL for NULL, never for the default', async () => {
    expect((await graph.import({ table: 'T' }, '1,,,\n2,NULL,NULL,null\n3,"","",""\n')).rowCount).toBe(3);
    expect(
      (await graph.import({ table: 'T', body: ndjson }, '\ufeff{"id":4}\r\n{"id":5,"s":""}')).rowCount,
    ).toBe(2);
    expect(await cells('MATCH (n:T) RETURN n.d IS NULL, n.s, n.x IS NULL ORDER BY n.id')).toEqual([
      [true, 0, true],
      [true, 'NULL', true],
      [true, 0, true],
      [true, 0, true],
      [true, '', true],
    ]);
  });

  test('names the ends of relationships between numbered nodes by their numbers', async () => {
    await graph.import({ table: 'Numbered' }, 'a\nb\nc\n');
    expect((await graph.import({ table: 'Next' }, '0,1,first\n1,2,"sec,ond"\n')).rowCount).toBe(2);
    expect(await failureOf(graph.import({ table: 'Next' }, '0,1,x\n2,3,y\n'))).toMatchObject({
      reason: 'IMPORT_ROW_INVALID',
      line: '2',
    });
    expect(
      await cells('MATCH (a:Numbered)-[n:Next]->(b:Numbered) RETURN a.name, n.note, b.name ORDER BY a.id'),
    ).toEqual([
      ['a', 'first', 'b'],
      ['b', 'sec,ond', 'c'],
    ]);
  });

  test('loads a BLOB of many MiB from CSV', async () => {
    const blob = `\\x00${'a'.repeat(12 * 2 ** 20)}`;
    expect((await graph.import({ table: 'T' }, `100,,,${blob}\n`)).rowCount).toBe(1);
    expect(await cells('MATCH (n:T {id: 100}) RETURN octet_length(n.x)')).toEqual([[12n * 2n ** 20n + 1n]]);
  });

  test('refuses a row that is too long, and says where it begins', async () => {
    const text = `101,,${'x'.repeat(17 * 2 ** 20)},\n`;
    const call = graph.import({ table: 'T' }, '102,,,\n', text);
    expect(await failureOf(call)).toEqual({ reason: 'IMPORT_ROW_INVALID', line: '2' });
    await expect(call).rejects.toThrow('the row has more than 16777216 bytes');
  });
});
