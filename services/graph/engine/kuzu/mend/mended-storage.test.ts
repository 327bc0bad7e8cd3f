import { afterAll, beforeAll, expect, test } from 'vitest';
import { openTestGraph, type TestGraph } from '../../testing.ts';

let graph: TestGraph;

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 20 });
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

const limits = () => ({ deadlineMs: Date.now() + 60_000, signal: new AbortController().signal });
const checkpoint = () => graph.graph.engine.checkpoint(limits());

/** What the property `v` of a pattern is by id, as the engine writes it. */
async function valuesOf(match: string): Promise<(string | undefined)[]> {
  const { rows } = await graph.query(`MATCH ${match} RETURN cast(n.v AS STRING) ORDER BY n.id`);
  return (rows ?? []).map(({ values: [value] }) =>
    value?.kind.case === 'stringValue' ? value.kind.value : undefined,
  );
}

/** First values, then those of a later checkpoint: where the first have no element, the engine lost the later. */
const types = [
  ['MAP(STRING, INT64)', 'NULL', "map(['a'], [5])", '{a=5}'],
  ['INT64[][]', 'NULL', '[[7]]', '[[7]]'],
  ['STRING[][]', 'cast([] AS STRING[][])', "[['x']]", '[[x]]'],
  ['STRUCT(a INT64)[]', 'NULL', '[{a: 7}]', '[{a: 7}]'],
  ['STRUCT(a INT64[2][])', 'NULL', '{a: cast([[1, 2]] AS INT64[2][])}', '{a: [[1,2]]}'],
  ['INTERVAL[]', 'NULL', "[interval('0 days')]", '[00:00:00]'],
] as const;

test('elements stay where the first rows of a table have none', async () => {
  const each = [...types.entries()];
  for (const [at, [type, first]] of each) {
    await graph.execute(`CREATE NODE TABLE N${at}(id INT64 PRIMARY KEY, v ${type})`);
    await graph.execute(`CREATE REL TABLE R${at}(FROM N${at} TO N${at}, id INT64, v ${type})`);
    await graph.execute(`CREATE (a:N${at} {id: 0, v: ${first}}), (a)-[:R${at} {id: 0, v: ${first}}]->(a)`);
  }
  await checkpoint();
  for (const [at, [, , later]] of each) {
    await graph.execute(`CREATE (a:N${at} {id: 1, v: ${later}}), (a)-[:R${at} {id: 1, v: ${later}}]->(a)`);
    await graph.execute(`MATCH (n:N${at} {id: 0}) SET n.v = ${later}`);
  }
  await checkpoint();
  for (const [at, [, first, , told]] of each) {
    expect(await valuesOf(`(n:N${at})`)).toEqual([told, told]);
    expect(await valuesOf(`(:N${at})-[n:R${at}]->()`)).toEqual([first === 'NULL' ? undefined : '[]', told]);
  }
});

test('elements stay in a column that came later, in a table that was emptied, and by an import', async () => {
  await graph.execute('CREATE NODE TABLE Added(id INT64 PRIMARY KEY)');
  await graph.execute('CREATE (:Added {id: 0})');
  await graph.execute('CREATE NODE TABLE Emptied(id INT64 PRIMARY KEY, v INT64[][])');
  await graph.execute('CREATE (:Emptied {id: 0, v: [[1]]})');
  await graph.execute('CREATE NODE TABLE Loaded(id INT64 PRIMARY KEY, v MAP(STRING, INT64))');
  const ndjson = { table: 'Loaded', body: { contentType: 'application/x-ndjson' } };
  await graph.import(ndjson, '{"id":0}\n');
  await graph.execute('ALTER TABLE Added ADD v INT64[][]');
  await graph.execute('MATCH (n:Emptied) DELETE n');
  await checkpoint();
  await graph.execute('MATCH (n:Added) SET n.v = [[5]]');
  await graph.execute('CREATE (:Emptied {id: 1, v: [[5]]})');
  await checkpoint();
  await graph.import(ndjson, '{"id":1,"v":{"a":5}}\n');
  expect(await valuesOf('(n:Added)')).toEqual(['[[5]]']);
  expect(await valuesOf('(n:Emptied)')).toEqual(['[[5]]']);
  expect(await valuesOf('(n:Loaded)')).toEqual([undefined, '{a=5}']);
});

test.each([
  ['INT64[]', (of: number) => `[${of}, ${of + 1}, ${of + 2}]`],
  ['DOUBLE[]', (of: number) => `[${of}.500000, ${of + 1}.500000]`],
  ['FLOAT[3]', (of: number) => `[${of}.000000, ${of + 1}.000000, ${of + 2}.000000]`],
])('%s of new rows stay where the same checkpoint changes older ones', async (type, textOf) => {
  const table = `Both${type.replaceAll(/\W/g, '')}`;
  const write = (of: number) => `cast(${textOf(of)} AS ${type})`;
  await graph.execute(`CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, v ${type})`);
  for (const id of [0, 1, 2]) await graph.execute(`CREATE (:${table} {id: ${id}, v: ${write(3 * id + 1)}})`);
  await checkpoint();
  await graph.execute(`MATCH (n:${table} {id: 0}) SET n.v = ${write(2)}`);
  await graph.execute(`CREATE (:${table} {id: 3, v: ${write(3)}}), (:${table} {id: 4, v: ${write(6)}})`);
  await checkpoint();
  expect(await valuesOf(`(n:${table})`)).toEqual([2, 4, 7, 3, 6].map((of) => textOf(of).replaceAll(' ', '')));
});

test('lists in lists stay where lists beside them, and in them, are NULL', async () => {
  const table = 'CREATE NODE TABLE Gaps(id INT64 PRIMARY KEY, v INT64[][])';
  await graph.execute(table);
  const values = ['[[1], NULL, [2]]', 'NULL', '[[3], NULL, [4]]', '[[5], NULL, [6]]'];
  for (const [id, value] of values.entries()) await graph.execute(`CREATE (:Gaps {id: ${id}, v: ${value}})`);
  await checkpoint();
  await graph.execute('CREATE (:Gaps {id: 4, v: [[9]]})');
  await checkpoint();
  expect(await valuesOf('(n:Gaps)')).toEqual(['[[1],,[2]]', undefined, '[[3],,[4]]', '[[5],,[6]]', '[[9]]']);
});

test('values of FLOAT that are all alike stay where zeros come after them', async () => {
  await graph.execute('CREATE NODE TABLE Alike(id INT64 PRIMARY KEY, v FLOAT)');
  await graph.execute('CREATE (:Alike {id: 0, v: 1.0}), (:Alike {id: 1, v: 1.0})');
  await checkpoint();
  await graph.execute('CREATE (:Alike {id: 2, v: 0.0})');
  await checkpoint();
  expect(await valuesOf('(n:Alike)')).toEqual(['1.000000', '1.000000', '0.000000']);
});

test.each(['DOUBLE', 'FLOAT'])('values of %s stay, and are found, beside NaN', async (type) => {
  const columns = [
    ['nan', 'NULL', '1.5', '2.5'],
    ['10', 'nan', '1', '2'],
    ['1', '1', 'nan', '1'],
    ['nan', 'nan', '10', '2'],
  ];
  for (const [at, values] of columns.entries()) {
    const table = `${type}${at}`;
    await graph.execute(`CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, v ${type})`);
    for (const [id, value] of values.entries()) {
      const written = value === 'NULL' ? value : `cast('${value}' AS ${type})`;
      await graph.execute(`CREATE (:${table} {id: ${id}, v: ${written}})`);
    }
  }
  await checkpoint();
  for (const [at, values] of columns.entries()) {
    const numbers = values.map((value) => (value === 'NULL' ? undefined : Number(value)));
    const { rows } = await graph.query(`MATCH (n:${type}${at}) RETURN n.v ORDER BY n.id`);
    const kinds = (rows ?? []).map((row) => row.values[0]?.kind);
    expect(kinds.map((kind) => (kind?.case === 'nullValue' ? undefined : kind?.value))).toEqual(numbers);
    for (const number of numbers.filter((each) => each !== undefined && !Number.isNaN(each))) {
      const found = await graph.query(`MATCH (n:${type}${at}) WHERE n.v = ${number} RETURN count(*)`);
      const count = numbers.filter((each) => each === number).length;
      expect(found.rows?.[0]?.values[0]?.kind.value).toBe(BigInt(count));
    }
  }
});
