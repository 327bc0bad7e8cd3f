import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { failureOf, openTestGraph, type TestGraph } from '../engine/testing.ts';

let graph: TestGraph;
const ndjson = { contentType: 'application/x-ndjson' };
const int64 = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

beforeAll(async () => {
  graph = await openTestGraph({ importBytesMax: 2 ** 23, bufferPoolBytes: 256 * 2 ** 20 });
  await graph.execute(
    `CREATE NODE TABLE T(id INT64 PRIMARY KEY, b BOOL, i INT64, u UINT64, h INT128, d DOUBLE, f FLOAT,
     p DECIMAL(38, 10), s STRING, x BLOB, day DATE, at TIMESTAMP, zoned TIMESTAMP_TZ, span INTERVAL, l STRING[],
     n INT64[][], r STRUCT(a INT64, t STRING), m MAP(STRING, INT64), v DOUBLE[2], q DECIMAL(10, 2)[])`,
  );
  await graph.execute('CREATE NODE TABLE Key(k STRING PRIMARY KEY)');
  await graph.execute('CREATE REL TABLE R(FROM T TO Key, since DATE)');
});
afterAll(async () => {
  expect(graph.broken).toEqual([]);
  await graph.close();
});

/** A written JSON value and how the graph tells it. */
type Pair = readonly [string, unknown];

const orNull = (pairs: fc.Arbitrary<Pair>) => fc.oneof({ arbitrary: pairs, weight: 4 }, fc.constant(nothing));
const nothing: Pair = ['null', null];
const text = fc.string({
  unit: fc.constantFrom('a', '"', '\\', ',', '\n', 'é', '😀', '[', '{', '=', ' ', "'", ''),
});
const string = text.map((value): Pair => [JSON.stringify(value), value]);
const integer = fc.bigInt(int64).map((value): Pair => [String(value), value]);
const double = fc.double({ noNaN: true, noDefaultInfinity: true });
const listOf = (element: fc.Arbitrary<Pair>) =>
  fc
    .array(orNull(element), { maxLength: 4 })
    .map((parts): Pair => [`[${parts.map(([json]) => json).join(',')}]`, parts.map(([, value]) => value)]);
const decimal = (digits: number, scale: number) =>
  fc.bigInt({ min: -(10n ** BigInt(digits)) + 1n, max: 10n ** BigInt(digits) - 1n }).map((unscaled): Pair => {
    const size = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
    const value = `${unscaled < 0n ? '-' : ''}${size.slice(0, -scale)}.${size.slice(-scale)}`;
    return [`"${value}"`, value];
  });
const moment = fc
  .date({ min: new Date('0001-01-01T00:00:00Z'), max: new Date('9999-12-31T23:59:59Z'), noInvalidDate: true })
  .chain((date) => fc.nat({ max: 999 }).map((micros) => ({ date, micros })));

const columns: Record<string, fc.Arbitrary<Pair>> = {
  b: fc.boolean().map((value): Pair => [String(value), value]),
  i: integer,
  u: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map((value): Pair => [String(value), value]),
  h: fc
    .bigInt({ min: -(2n ** 127n) + 1n, max: 2n ** 127n - 1n })
    .map((value): Pair => [`"${value}"`, String(value)]),
  d: double.map((value): Pair => [Object.is(value, -0) ? '-0.0' : String(value), value]),
  f: fc
    .float({ noNaN: true, noDefaultInfinity: true })
    .map((value): Pair => [Object.is(value, -0) ? '-0.0' : String(value), value]),
  p: decimal(38, 10),
  s: string,
  x: fc
    .uint8Array({ maxLength: 12 })
    .map((value): Pair => [`"${Buffer.from(value).toString('base64')}"`, [...value]]),
  day: moment.map(({ date }): Pair => {
    const days = Math.floor(date.getTime() / 86_400_000);
    return [`"${date.toISOString().slice(0, 10)}"`, days];
  }),
  at: moment.map(({ date, micros }) => momentPair(date, micros)),
  zoned: moment.map(({ date, micros }) => momentPair(date, micros)),
  span: fc
    .tuple(fc.integer({ min: -9999, max: 9999 }), fc.integer({ min: -9999, max: 9999 }), fc.nat())
    .map(
      ([months, days, micros]): Pair => [
        `"P${months}M${days}DT${Math.floor(micros / 1e6)}.${String(micros % 1e6).padStart(6, '0')}S"`,
        { months, days, micros: BigInt(micros) },
      ],
    ),
  l: listOf(string),
  n: listOf(listOf(integer)),
  r: fc
    .tuple(orNull(integer), orNull(string))
    .map(([a, t]): Pair => [`{"a":${a[0]},"t":${t[0]}}`, { a: a[1], t: t[1] }]),
  m: fc
    .uniqueArray(fc.tuple(text, orNull(integer)), { selector: ([name]) => name, maxLength: 3 })
    .map(
      (entries): Pair => [
        `{${entries.map(([name, [json]]) => `${JSON.stringify(name)}:${json}`).join(',')}}`,
        entries.map(([name, [, value]]) => [name, value]),
      ],
    ),
  v: fc.tuple(double, double).map(([a, b]): Pair => [`[${a + 0},${b + 0}]`, [a + 0, b + 0]]),
  q: listOf(decimal(10, 2)),
};

function momentPair(date: Date, micros: number): Pair {
  const written = `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`;
  return [`"${written}"`, BigInt(date.getTime()) * 1_000n + BigInt(micros)];
}

/** A value of an answer in the terms of a pair. */
function plainOf({ kind }: { kind: { case?: string | undefined; value?: unknown } }): unknown {
  const { value } = kind as { value: never };
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'bytesValue':
      return [...(value as Uint8Array)];
    case 'timestampValue':
      return (value as { sinceEpoch: bigint }).sinceEpoch;
    case 'intervalValue': {
      const { months, days, micros } = value as { months: number; days: number; micros: bigint };
      return { months, days, micros };
    }
    case 'listValue':
      return (value as { values: never[] }).values.map(plainOf);
    case 'structValue':
      return Object.fromEntries(
        (value as { fields: { name: string; value: never }[] }).fields.map((field) => [
          field.name,
          plainOf(field.value),
        ]),
      );
    case 'mapValue':
      return (value as { entries: { key: never; value: never }[] }).entries.map((entry) => [
        plainOf(entry.key),
        plainOf(entry.value),
      ]);
    default:
      return value;
  }
}

describe('ImportTable of NDJSON', () => {
  test('loads every value of every type as it is written, however many rows there are', async () => {
    const names = Object.keys(columns);
    const rowsOf = fc.array(fc.tuple(...names.map((name) => orNull(columns[name] as fc.Arbitrary<Pair>))), {
      minLength: 1,
      maxLength: 200,
      size: 'max',
    });
    let from = 0;
    await fc.assert(
      fc.asyncProperty(rowsOf, async (rows) => {
        const first = from;
        from += rows.length;
        const lines = rows.map((row, index) => {
          // A name that is missing is NULL too.
          const members = row.flatMap(([json], at) =>
            json === 'null' && index % 2 ? [] : [`"${names[at]}":${json}`],
          );
          return `{"id":${first + index}${members.map((member) => `,${member}`).join('')}}\n`;
        });
        const cut = lines.join('').length >> 1;
        await graph.import(
          { table: 'T', body: ndjson },
          lines.join('').slice(0, cut),
          lines.join('').slice(cut),
        );
        const properties = names.map((name) => `n.${name}`).join(', ');
        const answer = await graph.query(
          `MATCH (n:T) WHERE n.id >= ${first} RETURN ${properties} ORDER BY n.id`,
        );
        const read = answer.rows?.map((row) => (row.values as never[]).map(plainOf));
        expect(read).toStrictEqual(rows.map((row) => row.map(([, value]) => value)));
      }),
      { numRuns: 12 },
    );
  });

  test('keeps nested values in order over many rows', async () => {
    await graph.execute('CREATE NODE TABLE Deep(id INT64 PRIMARY KEY, l STRUCT(a INT64, t STRING[])[])');
    const rows = 20_000;
    const listAt = (id: number) =>
      id % 7 === 0
        ? null
        : Array.from({ length: id % 4 }, (_, at) => (at === 2 ? null : { a: id, t: [`${at}`, null] }));
    const lines = Array.from({ length: rows }, (_, id) => `${JSON.stringify({ id, l: listAt(id) })}\n`);
    const text = lines.join('');
    const chunks = Array.from({ length: Math.ceil(text.length / 65_536) }, (_, at) =>
      text.slice(at * 65_536, (at + 1) * 65_536),
    );
    expect((await graph.import({ table: 'Deep', body: ndjson }, ...chunks)).rowCount).toBe(rows);
    for (const start of [0, 2_000, 10_000, 19_000]) {
      const where = `n.id >= ${start} AND n.id < ${start + 1_000}`;
      const answer = await graph.query(`MATCH (n:Deep) WHERE ${where} RETURN n.id, n.l ORDER BY n.id`);
      const read = answer.rows?.map((row) => (row.values as never[]).map(plainOf));
      const wanted = Array.from({ length: 1_000 }, (_, at) => {
        const list = listAt(start + at);
        return [BigInt(start + at), list?.map((part) => part && { ...part, a: BigInt(part.a) }) ?? null];
      });
      expect(read).toStrictEqual(wanted);
    }
  });

  test('loads relationships by the keys of their ends', async () => {
    await graph.import({ table: 'Key', body: ndjson }, '{"k":""}\n{"k":"b"}');
    await graph.import({ table: 'T', body: ndjson }, '{"id":-1}\r\n\r\n{"id":-2}\r\n');
    const lines = '{"from":-1,"to":"","since":"2020-01-01"}\n{"to":"b","from":-2}\n';
    expect((await graph.import({ table: 'R', body: ndjson }, lines)).rowCount).toBe(2);
    const { rows } = await graph.query(
      'MATCH (a:T)-[r:R]->(k:Key) RETURN a.id, k.k, r.since ORDER BY a.id DESC',
    );
    expect(rows?.map((row) => (row.values as never[]).map(plainOf))).toEqual([
      [-1n, '', 18_262],
      [-2n, 'b', null],
    ]);
  });

  test('refuses a table that has a property of the name of an end; CSV takes it', async () => {
    await graph.execute('CREATE REL TABLE Odd(FROM Key TO Key, `from` STRING)');
    const line = '{"from":"b","to":"b"}';
    expect(await failureOf(graph.import({ table: 'Odd', body: ndjson }, line))).toMatchObject({
      reason: 'STATEMENT_FAILED',
    });
    expect((await graph.import({ table: 'Odd' }, 'b,b,x\n')).rowCount).toBe(1);
  });

  test.each([
    ['{"id":1,"zzz":2}', 'the table has no property "zzz"'],
    ['{"id":1,"i":9223372036854775808}', 'is no INT64'],
    ['{"id":1,"i":1.0}', 'is no INT64'],
    ['{"id":1,"i":true}', 'must not be true'],
    ['{"id":1,"d":1e999}', 'is beyond what a DOUBLE holds'],
    ['{"id":1,"d":"1"}', 'must be a number'],
    ['{"id":1,"p":"0.12345678901"}', 'is no DECIMAL(38, 10)'],
    ['{"id":1,"s":5}', 'must be a string'],
    ['{"id":1,"s":"\\ud800"}', 'half of a surrogate pair'],
    ['{"id":1,"s":"\\u0000"}', 'NUL'],
    ['{"id":1,"day":"2021-02-29"}', 'is no DATE'],
    ['{"id":1,"at":"2020-01-01T00:00:00.0000001Z"}', 'has more digits'],
    ['{"id":1,"l":["a",5]}', '[1] must be a string'],
    ['{"id":1,"n":[[1],[2,"x"]]}', '[1][1] is no INT64'],
    ['{"id":1,"r":{"c":1}}', 'has a field "c" that the type has not'],
    ['{"id":1,"m":[["a",1],["a",2]]}', 'has the key "a" twice'],
    ['{"id":1,"v":[1]}', 'must have 2 elements, not 1'],
    ['{"id":1,"q":["1.255"]}', '[0] is no DECIMAL(10, 2)'],
    ['{"id":1,"x":"?"}', 'is no base64'],
    ['{"id":null}', 'the primary key is empty'],
    ['{}', 'the primary key is empty'],
    ['[1]', 'not a JSON object'],
    ['{"id":1', 'a comma or the end'],
  ])('refuses %s', async (line, reason) => {
    const call = graph.import({ table: 'T', body: ndjson }, `{"id":-10}\n\n${line}\n`);
    expect(await failureOf(call)).toEqual({ reason: 'IMPORT_ROW_INVALID', line: '3' });
    await expect(call).rejects.toThrow(reason);
  });
});
