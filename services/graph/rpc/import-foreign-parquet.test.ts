import { readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openTestGraph, type TestGraph } from '../engine/testing.ts';

const fixtures = fileURLToPath(new URL('../engine/import/parquet/fixtures/', import.meta.url));
const files = readdirSync(fixtures).filter((name) => name.endsWith('.parquet'));

const types = {
  s: 'STRING',
  small: 'INT32',
  d: 'DOUBLE',
  f: 'FLOAT',
  b: 'BOOL',
  at: 'TIMESTAMP',
  day: 'DATE',
  p: 'DECIMAL(10, 2)',
  x: 'BLOB',
  l: 'INT64[]',
  t: 'STRING[]',
  r: 'STRUCT(a INT64, t STRING)',
  m: 'MAP(STRING, INT64)',
  nothing: 'STRING',
};
/** polars has no maps. */
const namesIn = (file: string) =>
  Object.keys(types).filter((name) => name !== 'm' || !file.startsWith('polars'));

let graph: TestGraph;

const dayMs = 86_400_000;
const startMs = Date.UTC(2020, 0, 1);

/** The row that the fixtures have with this id: see make.py beside them. */
function rowAt(i: number): Record<string, unknown> {
  const micros = i * 1_000_001;
  const at = new Date(startMs + Math.floor(micros / 1_000)).toISOString().slice(0, -1);
  return {
    id: i,
    s: i % 7 === 3 ? null : `text ${i % 10} é`,
    small: i % 11 === 0 ? null : i - 100,
    d: i / 8,
    f: i / 4,
    b: i % 3 === 0,
    at: `${at}${String(micros % 1_000).padStart(3, '0')}Z`,
    day: new Date(startMs + i * dayMs).toISOString().slice(0, 10),
    p: ((i * 37 - 1_000) / 100).toFixed(2),
    x: Buffer.from([i % 256, 0, 255]).toString('base64'),
    l: i % 9 === 0 ? null : [i, i + 1, null].slice(0, i % 4),
    t: i % 2 ? [`a${i}`, null] : [],
    r: i % 5 === 0 ? null : { a: i, t: i % 4 === 0 ? null : 'x' },
    m: i % 3 ? { k: i, n: null } : {},
    nothing: null,
  };
}

const read = async (table: string, names: readonly string[]) => {
  const { rows } = await graph.query(
    `MATCH (n:${table}) RETURN ${names.map((name) => `n.${name}`).join(', ')} ORDER BY n.id`,
  );
  return rows?.map(({ values }) => values);
};

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 22, bufferPoolBytes: 512 * 2 ** 20 });
  await create('Reference', Object.keys(types));
  const lines = Array.from({ length: 200 }, (_, i) => `${JSON.stringify(rowAt(i))}\n`);
  await graph.import({ table: 'Reference', body: { contentType: 'application/x-ndjson' } }, lines.join(''));
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

async function create(table: string, names: readonly string[]): Promise<void> {
  const columns = names.map((name) => `${name} ${types[name as keyof typeof types]}`);
  await graph.execute(`CREATE NODE TABLE ${table}(id INT64 PRIMARY KEY, ${columns.join(', ')})`);
}

describe('ImportTable of Parquet that others wrote', () => {
  test.each(files)('%s has all its values', async (file) => {
    const table = file.replace('.parquet', '').replaceAll('-', '_');
    const names = namesIn(file);
    await create(table, names);
    const body = { contentType: 'application/vnd.apache.parquet' };
    const { rowCount } = await graph.import({ table, body }, await readFile(fixtures + file));
    expect(rowCount).toBe(200);
    expect(await read(table, names)).toEqual(await read('Reference', names));
  });
});
