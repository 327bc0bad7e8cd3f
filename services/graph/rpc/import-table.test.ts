import { readdir, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
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

const dataset = join(
  dirname(createRequire(import.meta.url).resolve('kuzu')),
  'kuzu-source/dataset/ldbc-sf01',
);

let graph: TestGraph;
const count = async (pattern: string) => {
  const [kind] = kindsOf(await graph.query(`MATCH ${pattern} RETURN count(*)`)) as { value: bigint }[];
  return Number(kind?.value);
};
const header = { table: 'T', csv: { header: true } };

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 22 });
  await graph.execute(
    'CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING, at TIMESTAMP, price DECIMAL(30, 2), l INT64[])',
  );
  await graph.execute('CREATE NODE TABLE S(k STRING PRIMARY KEY)');
  await graph.execute('CREATE NODE TABLE Numbered(id SERIAL PRIMARY KEY, name STRING)');
  await graph.execute('CREATE REL TABLE R(FROM T TO T, weight DOUBLE)');
  await graph.execute('CREATE REL TABLE Many(FROM T TO T, FROM T TO S, note STRING)');
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  expect((await readdir(graph.directory)).filter((name) => name.startsWith('upload'))).toEqual([]);
  await graph.close();
});

describe('ImportTable', () => {
  test('loads the people of LDBC SF0.1 and whom they know', async () => {
    await graph.execute(
      `CREATE NODE TABLE Person(id INT64, firstName STRING, lastName STRING, gender STRING, birthday INT64,
       creationDate INT64, locationIP STRING, browserUsed STRING, PRIMARY KEY (id))`,
    );
    await graph.execute('CREATE REL TABLE knows(FROM Person TO Person, creationDate INT64)');
    const csv = { header: true, delimiter: '|' };
    const people = await readFile(join(dataset, 'Person.csv'), 'utf8');
    const half = people.length >> 1;
    const loaded = await graph.import({ table: 'Person', csv }, people.slice(0, half), people.slice(half));
    expect(loaded.rowCount).toBe(1_528);
    const knows = await readFile(join(dataset, 'Person_knows_Person.csv'), 'utf8');
    expect((await graph.import({ table: 'knows', csv }, knows)).rowCount).toBe(7_039);
    expect(await count('(:Person)-[:knows]->(:Person)')).toBe(7_039);
    const first = await graph.query(
      'MATCH (:Person {id: 933})-[k:knows]->(p:Person) RETURN p.id, k.creationDate ORDER BY p.id LIMIT 1',
    );
    expect(kindsOf(first)).toMatchObject([{ value: 2_199_023_256_077n }, { value: 20_100_422_123_057_947n }]);
  });

  test('reads quotes, line ends within fields, byte order marks, CRLF and empty fields', async () => {
    const text =
      '\ufeffid,name,at,price,l\r\n' +
      '1,"a, ""b""\nc",1969-12-31 23:59:59.000001,-0.05,"[1,9007199254740993]"\r\n' +
      '2,,,,\r\n\r\n' +
      '3,日本 😀,,12345678901234567890.25,';
    expect((await graph.import(header, text)).rowCount).toBe(3);
    const { rows } = await graph.query('MATCH (n:T) RETURN n.name, n.at, n.price, n.l ORDER BY n.id');
    expect(rows?.map((row) => row.values?.map((value) => value.kind))).toMatchObject([
      [
        { value: 'a, "b"\nc' },
        { value: { sinceEpoch: -999_999n } },
        { value: '-0.05' },
        { value: { values: [{ kind: { value: 1n } }, { kind: { value: 2n ** 53n + 1n } }] } },
      ],
      [{ case: 'nullValue' }, { case: 'nullValue' }, { case: 'nullValue' }, { case: 'nullValue' }],
      [
        { value: '日本 😀' },
        { case: 'nullValue' },
        { value: '12345678901234567890.25' },
        { case: 'nullValue' },
      ],
    ]);
  });

  test('reads other dialects', async () => {
    const csv = { delimiter: ';', quote: "'", escape: '\\' };
    expect((await graph.import({ table: 'S', csv }, "'it\\'s; fine'\n", "plain\n'\\\\'\n")).rowCount).toBe(3);
    const { rows } = await graph.query('MATCH (n:S) RETURN n.k ORDER BY n.k');
    expect(rows?.map((row) => row.values?.[0]?.kind?.value)).toEqual(['\\', "it's; fine", 'plain']);
  });

  test('leaves out columns that the engine numbers', async () => {
    expect((await graph.import({ table: 'Numbered' }, 'a\nb\n')).rowCount).toBe(2);
    expect((await graph.import({ table: 'Numbered' }, '')).rowCount).toBe(0);
  });

  test('moves the revision on', async () => {
    const { revision } = await graph.import({ table: 'S' }, 'revision\n');
    expect(await graph.query('RETURN 1', {}, { atLeastRevision: revision ?? '' })).toMatchObject({
      revision,
    });
  });

  test.each([
    ['too few values', '10,a,,,\n11,b\n', '3', 'expected 5 values, got 2'],
    ['too many values', '10,a,,,,\n', '2', 'expected 5 values, got 6'],
    ['a value of another type', '10,"a\nb",,,\n11,x,,,\n12,y,never,,\n', '5', 'never'],
    ['a quote that is never closed', '10,a,,,\n11,"b,,,\n12,c,,,\n', '3', 'never closed'],
    ['text after a closing quote', '10,"a"b,,,\n', '2', 'follows'],
    ['a key twice', '10,"a\nb",,,\n11,c,,,\n10,d,,,\n', '5', 'same primary key'],
    ['a key that exists', '10,a,,,\n1,b,,,\n', '3', 'exists already'],
    ['an empty key', '10,a,,,\n,b,,,\n', '3', 'is empty'],
    ['a NUL byte', '10,a\0,,,\n', '2', 'NUL'],
  ])('refuses %s, names the line and loads nothing', async (_, lines, line, message) => {
    const before = await count('(:T)');
    const call = graph.import(header, `id,name,at,price,l\n${lines}`);
    expect(await failureOf(call)).toEqual({ reason: 'IMPORT_ROW_INVALID', line });
    await expect(call).rejects.toThrow(message);
    await expect(call).rejects.not.toThrow(/upload|\/tmp/);
    expect(await count('(:T)')).toBe(before);
  });

  test('tells of all rows that are refused, not of the first alone', async () => {
    const lines = ['20,a,,,', '21,b', 'x,c,,,', '22,d,2020-02-30,1.255,', '23,e,,,', '23,f,,,'];
    const violations = await violationsOf(graph.import({ table: 'T' }, lines.join('\n')));
    expect(violations).toEqual([
      { field: 'lines[2]', description: 'expected 5 values, got 2' },
      { field: 'lines[3].id', description: '"x" is no INT64' },
      { field: 'lines[4].at', description: '"2020-02-30" is no TIMESTAMP' },
      { field: 'lines[4].price', description: '"1.255" is no DECIMAL(30, 2)' },
    ]);
    expect(await violationsOf(graph.import({ table: 'T' }, '1,,,,\n30,,,,\n2,,,,\n30,,,,\n'))).toEqual([
      { field: 'lines[4].id', description: '"30": another row of the file has the same primary key' },
      { field: 'lines[1].id', description: '"1": a node with this primary key exists already' },
      { field: 'lines[3].id', description: '"2": a node with this primary key exists already' },
    ]);
  });

  describe.each([
    ['small', 1n],
    ['large', 2n ** 62n],
  ])('of relationships that name the same nodes again and again, by %s integers', (size, base) => {
    const [hub, link, name, called] = [`${size}Hub`, `${size}Link`, `${size}Name`, `${size}Called`];
    const rows = (more: (index: number) => string | undefined = () => undefined) =>
      Array.from({ length: 3_000 }, (_, index) => {
        const [from, to] = [base + BigInt(index % 100), base + BigInt((index * 7) % 100)];
        return more(index) ?? `${from},${to}\n`;
      }).join('');

    beforeAll(async () => {
      await graph.execute(`CREATE NODE TABLE ${hub}(id INT64 PRIMARY KEY)`);
      await graph.execute(`CREATE NODE TABLE ${name}(id STRING PRIMARY KEY)`);
      await graph.execute(`CREATE REL TABLE ${link}(FROM ${hub} TO ${hub})`);
      await graph.execute(`CREATE REL TABLE ${called}(FROM ${hub} TO ${name})`);
      const nodes = Array.from({ length: 100 }, (_, index) => base + BigInt(index));
      await graph.import({ table: hub }, nodes.join('\n'));
      await graph.import({ table: name }, 'a\nb\n');
    });

    test('loads them', async () => {
      expect((await graph.import({ table: link }, rows())).rowCount).toBe(3_000);
      expect(await count(`(:${hub} {id: ${base + 7n}})-[:${link}]->(:${hub} {id: ${base + 49n}})`)).toBe(30);
    });

    test('tells of each row with a key that no node has, at either end', async () => {
      const broken: Readonly<Record<number, string>> = {
        17: `0,${base}\n`,
        1900: `${base},${base - 1n}\n`,
        2400: `0,${base + 100n}\n`,
      };
      const call = graph.import(
        { table: link },
        rows((index) => broken[index]),
      );
      const reason = `there is no ${hub} with this primary key`;
      expect(await violationsOf(call)).toEqual([
        { field: 'lines[18].from', description: `"0": ${reason}` },
        { field: 'lines[2401].from', description: `"0": ${reason}` },
        { field: 'lines[1901].to', description: `"${base - 1n}": ${reason}` },
        { field: 'lines[2401].to', description: `"${base + 100n}": ${reason}` },
      ]);
    });

    test('looks at the end that is no integer, too', async () => {
      const lines = (last: string) => `${`${base},a\n${base + 1n},b\n`.repeat(100)}${last}`;
      const call = graph.import({ table: called }, lines(`${base},c\n`));
      expect(await violationsOf(call)).toEqual([
        { field: 'lines[201].to', description: `"c": there is no ${name} with this primary key` },
      ]);
      expect((await graph.import({ table: called }, lines(''))).rowCount).toBe(200);
    });
  });

  test('tells of no more rows than trailers hold', async () => {
    const lines = Array.from({ length: 1_000 }, (_, index) => `${'x'.repeat(50)}${index},,,,\n`);
    const violations = await violationsOf(graph.import({ table: 'T' }, lines.join('')));
    expect(violations.length).toBeGreaterThan(30);
    expect(violations.length).toBeLessThan(100);
  });

  test('finds the line of a list with an element that is none', async () => {
    const rows = Array.from({ length: 3_000 }, (_, index) => `${1_000 + index},,,,"[${index},2]"\n`);
    rows[2_345] = '999,,,,"[1,x]"\n';
    const call = graph.import({ table: 'T' }, rows.join(''));
    expect(await failureOf(call)).toEqual({ reason: 'IMPORT_ROW_INVALID', line: '2346' });
    await expect(call).rejects.toThrow('[1] is no INT64');
  });

  test('reads every spelling that the engine reads and that means one value only', async () => {
    await graph.execute(
      'CREATE NODE TABLE Spelled(id INT64 PRIMARY KEY, at TIMESTAMP, day DATE, u UUID, i INT64, d DOUBLE, b BOOL)',
    );
    const spelled = [
      ['2011-08-20 11:25:30Z+00:00', '2011/8/20', '{A0EEBC99-9C0B4EF8BB6D6BB9BD380A11}', '-007', '-inf', 'T'],
      ['2011-08-20T11:25:30.5+0130', '2011 08 20', 'a0eebc999c0b4ef8bb6d6bb9bd380a11', ' 7 ', '1.', 'false'],
      ['2011\\08\\20 11:25:30.', 'NULL', 'null', ' Null ', ' ', ''],
    ];
    const lines = spelled.map((row, id) => `${id},${row.join(',')}\n`).join('');
    expect((await graph.import({ table: 'Spelled' }, lines)).rowCount).toBe(3);
    const properties = 'n.at, n.day, n.u, n.i, n.d, n.b';
    const read = await graph.query(`MATCH (n:Spelled) RETURN ${properties} ORDER BY n.id`);
    const casts = spelled.map((row, id) => {
      const types = ['TIMESTAMP', 'DATE', 'UUID', 'INT64', 'DOUBLE', 'BOOL'];
      const parts = row.map((text, at) => {
        const isNull = /^ *(?:null)? *$/i.test(text);
        const value = isNull ? 'NULL' : `cast('${text.replaceAll('\\', '\\\\')}' AS ${types[at]})`;
        return `${value} AS c${at}`;
      });
      return graph.query(`RETURN ${parts.join(', ')}, ${id}`);
    });
    for (const [index, answer] of (await Promise.all(casts)).entries()) {
      expect(read.rows?.[index]?.values).toEqual(answer.rows?.[0]?.values?.slice(0, -1));
    }
  });

  test.each([
    ['fewer bytes than it said', { sizeBytes: 100n }, ['a\n'], 'size_bytes'],
    ['more bytes than it said', { sizeBytes: 3n }, ['a\n', 'b\n'], 'size_bytes'],
    ['no last message, as it said', { marksLast: true }, ['a\n'], 'is_last'],
    ['messages after the last', { isLast: true }, ['a\n'], 'is_last'],
  ])('loads nothing of an upload with %s', async (_, more, chunks, field) => {
    const violations = await violationsOf(graph.import({ table: 'S', ...more }, ...chunks));
    expect(violations).toMatchObject([{ field }]);
  });

  test('loads an upload that is as long, and ends, as it said', async () => {
    const first = { table: 'S', sizeBytes: 8n, marksLast: true };
    const base = { graphId: testGraphId, body: { contentType: 'text/csv' } };
    const upload = async function* () {
      yield create(ImportTableRequestSchema, { ...base, ...first });
      yield create(ImportTableRequestSchema, { body: { data: new TextEncoder().encode('whole\n') } });
      yield create(ImportTableRequestSchema, {
        body: { data: new TextEncoder().encode('x\n') },
        isLast: true,
      });
    };
    expect((await importTable(graph.graph, upload(), testContext())).rowCount).toBe(2);
  });

  test('lets so many uploads come in at a time and no more', async () => {
    const over = new AbortController();
    const context = testContext({ signal: over.signal });
    const first = create(ImportTableRequestSchema, {
      graphId: testGraphId,
      table: 'S',
      body: { contentType: 'text/csv' },
    });
    let begun = 0;
    const all = Promise.withResolvers<void>();
    const endless = async function* () {
      yield first;
      begun += 1;
      if (begun === 4) all.resolve();
      await new Promise(() => {});
    };
    const uploads = Array.from({ length: 4 }, () => failureOf(importTable(graph.graph, endless(), context)));
    await all.promise;
    expect(await failureOf(graph.import({ table: 'S' }, 'x\n'))).toMatchObject({ reason: 'GRAPH_BUSY' });
    over.abort();
    expect((await Promise.all(uploads)).map(({ reason }) => reason)).toEqual(Array(4).fill('CANCELLED'));
  });

  test('refuses relationships between nodes that are not there', async () => {
    expect(await failureOf(graph.import({ table: 'R' }, '1,2,0.5\n1,999,1\n'))).toEqual({
      reason: 'IMPORT_ROW_INVALID',
      line: '2',
    });
    expect(await failureOf(graph.import({ table: 'R' }, '999,1,1\n'))).toMatchObject({ line: '1' });
    expect(await count('()-[:R]->()')).toBe(0);
    expect((await graph.import({ table: 'R' }, '1,2,0.5\n2,1,NaN\n')).rowCount).toBe(2);
  });

  test('wants to know the pair of a table with several', async () => {
    expect(await failureOf(graph.import({ table: 'Many' }, '1,2,x\n'))).toMatchObject({
      reason: 'INVALID_REQUEST',
    });
    expect(await failureOf(graph.import({ table: 'Many', fromLabel: 'S' }, ''))).toMatchObject({
      reason: 'INVALID_REQUEST',
    });
    expect((await graph.import({ table: 'Many', toLabel: 'S' }, '1,plain,x\n')).rowCount).toBe(1);
    expect((await graph.import({ table: 'Many', fromLabel: 'T', toLabel: 'T' }, '1,2,x\n')).rowCount).toBe(1);
  });

  test('refuses tables, formats and dialects that it cannot take', async () => {
    expect(await failureOf(graph.import({ table: 'T`) (x' }, ''))).toEqual({
      reason: 'TABLE_NOT_FOUND',
      table: 'T`) (x',
    });
    expect(await failureOf(graph.import({ table: 'T', body: { contentType: 'text/xml' } }))).toEqual({
      reason: 'IMPORT_FORMAT_UNSUPPORTED',
      content_type: 'text/xml',
    });
    const ndjson = { table: 'T', csv: {}, body: { contentType: 'application/x-ndjson' } };
    expect(await failureOf(graph.import(ndjson))).toMatchObject({ reason: 'INVALID_REQUEST' });
    const withCharset = { table: 'S', body: { contentType: 'Text/CSV; charset=utf-8' } };
    expect((await graph.import(withCharset)).rowCount).toBe(0);
    expect(await failureOf(graph.import({ table: 'T', csv: { delimiter: 'é' } }))).toMatchObject({
      reason: 'INVALID_REQUEST',
    });
    expect(await failureOf(graph.import({ table: 'T', csv: { delimiter: '"' } }))).toMatchObject({
      reason: 'INVALID_REQUEST',
    });
    expect(await failureOf(graph.import({ graphId: 'kg_another', table: 'T' }))).toMatchObject({
      reason: 'GRAPH_NOT_FOUND',
    });
  });

  test('refuses a file that is too large', async () => {
    const line = `${'x'.repeat(1_000)}\n`;
    expect(await failureOf(graph.import({ table: 'S' }, ...Array(5).fill(line.repeat(1_000))))).toEqual({
      reason: 'MESSAGE_TOO_LARGE',
      limit_bytes: String(2 ** 22),
    });
    expect(await count('(:S)')).toBeLessThan(100);
  });

  test('loads nothing where the upload breaks off', async () => {
    const before = await count('(:S)');
    const first = create(ImportTableRequestSchema, {
      graphId: testGraphId,
      table: 'S',
      body: { contentType: 'text/csv', data: new TextEncoder().encode('never\n') },
    });
    const upload = async function* () {
      yield first;
      throw new Error('the connection broke');
    };
    await expect(importTable(graph.graph, upload(), testContext())).rejects.toThrow('the connection broke');
    expect(await count('(:S)')).toBe(before);
  });

  test('goes on while others read and write', async () => {
    const rows = Array.from({ length: 20_000 }, (_, index) => `w${index}\n`).join('');
    const imported = graph.import({ table: 'S' }, rows);
    const writes = Array.from({ length: 3 }, (_, index) =>
      graph.execute(`CREATE (:S {k: 'between ${index}'})`),
    );
    const reads = Array.from({ length: 5 }, () => graph.query('MATCH (n:S) RETURN count(*)'));
    expect((await imported).rowCount).toBe(20_000);
    await Promise.all([...writes, ...reads]);
    expect(await count('(:S)')).toBeGreaterThan(20_003);
  });
});
