import { parse } from 'csv-parse/sync';
import { expect, test } from 'vitest';
import { toCsv } from './csv.ts';
import { readCountries, schema, toTables } from './world.ts';

const countries = readCountries();
const tables = toTables(countries);

function rowsOf(name: string): readonly (readonly unknown[])[] {
  return tables.filter(({ table }) => table === name).flatMap(({ rows }) => rows);
}

function sorted(rows: readonly (readonly unknown[])[]): readonly string[] {
  return rows.map((row) => JSON.stringify(row)).toSorted();
}

test.each([
  ['BORDERS', countries.flatMap(({ cca3, borders }) => borders.map((code) => [cca3, code]))],
  ['SPEAKS', countries.flatMap(({ cca3, languages }) => Object.keys(languages).map((code) => [cca3, code]))],
  ['USES', countries.flatMap(({ cca3, currencies }) => Object.keys(currencies).map((code) => [cca3, code]))],
])('%s has everything in the source exactly once', (table, inSource) => {
  const rows = sorted(rowsOf(table));
  expect(rows).toEqual(sorted(inSource));
  expect(new Set(rows).size).toBe(rows.length);
  expect(rows.length).toBeGreaterThan(250);
});

test('every country is there once, with unknown values as NULL', () => {
  const rows = rowsOf('Country');
  expect(rows.map(([code]) => code)).toEqual(countries.map(({ cca3 }) => cca3));
  expect(rows.find(([code]) => code === 'SJM')?.[4]).toBeNull();
  expect(rows.find(([code]) => code === 'UNK')?.[6]).toBeNull();
});

test('every country is part of its region, directly or by its subregion', () => {
  const parents = new Map(rowsOf('PART_OF') as readonly [string, string][]);
  const regions = new Set(rowsOf('Region').map(([name]) => name));
  for (const { cca3, region, subregion } of countries) {
    const parent = parents.get(cca3) ?? '';
    expect(parent).toBe(subregion || region);
    expect(regions.has(parent) ? parent : parents.get(parent)).toBe(region);
  }
});

test('every end of a relationship is a node, and no primary key occurs twice', () => {
  const keys = new Set<unknown>();
  for (const table of ['Country', 'Region', 'Subregion', 'Language', 'Currency']) {
    const own = rowsOf(table).map(([key]) => `${table} ${key}`);
    expect(new Set(own).size).toBe(own.length);
    for (const key of own) keys.add(key);
  }
  const ends = {
    BORDERS: ['Country', 'Country'],
    SPEAKS: ['Country', 'Language'],
    USES: ['Country', 'Currency'],
  };
  for (const { table, rows, ends: given } of tables) {
    const [from, to] = given ? [given.from, given.to] : (ends[table as keyof typeof ends] ?? []);
    if (!from) continue;
    for (const row of rows)
      expect([keys.has(`${from} ${row[0]}`), keys.has(`${to} ${row[1]}`)]).toEqual([true, true]);
  }
});

test('a code that countries name differently gets the name that most say', () => {
  const names = new Map(rowsOf('Currency').map(([code, name]) => [code, name]));
  expect(['GBP', 'NOK', 'EUR'].map((code) => names.get(code))).toEqual([
    'British pound',
    'Norwegian krone',
    'Euro',
  ]);
  const languages = new Map(rowsOf('Language').map(([code, name]) => [code, name]));
  expect([languages.get('sot'), languages.get('ron')]).toEqual(['Sotho', 'Romanian']);
});

test('each table has a statement that makes it, with as many columns as its rows', () => {
  for (const { table, columns, rows } of tables) {
    expect(schema.some((statement) => statement.includes(` TABLE ${table}(`))).toBe(true);
    for (const row of rows) expect(row).toHaveLength(columns.length);
  }
});

test('the CSV of every table is read back by another parser as it was written', () => {
  for (const { columns, rows } of tables) {
    const read = parse(toCsv(columns, rows)) as string[][];
    expect(read[0]).toEqual(columns);
    expect(read.slice(1)).toEqual(
      rows.map((row) => row.map((cell) => (Array.isArray(cell) ? `[${cell}]` : String(cell ?? '')))),
    );
  }
});
