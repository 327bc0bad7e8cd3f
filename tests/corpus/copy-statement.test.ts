import { describe, expect, it } from 'vitest';
import { parseCopy, toImport } from './copy-statement.ts';
import { changesWhatFollows } from './refusals.ts';

const columns = (...types: string[]) => types.map((type, index) => ({ name: `c${index}`, type }));
const plain = { table: 'T', path: 'x.csv', options: new Map<string, string>() };

describe('parseCopy', () => {
  it('reads one file with options', () => {
    const copy = parseCopy(`COPY \`my table\` FROM "dataset/a.csv" (HEADER=true, DELIM="|", quote = ',');`);
    expect(copy).toEqual({
      table: 'my table',
      path: 'dataset/a.csv',
      options: new Map([
        ['header', 'true'],
        ['delim', '|'],
        ['quote', ','],
      ]),
    });
  });

  it.each([
    ['COPY T FROM "a.parquet"'],
    ['COPY T FROM ["a.csv", "b.csv"]'],
    ['COPY T(a, b) FROM "a.csv"'],
    ['COPY T FROM "a.csv" (ignore_errors=true)'],
    ['COPY T FROM (MATCH (n) RETURN n.id)'],
  ])('says why %s is no import', (statement) => {
    expect(parseCopy(statement)).toEqual(expect.any(String));
  });

  it('leaves other statements alone', () => {
    expect(parseCopy('MATCH (n) RETURN n')).toBeUndefined();
    expect(parseCopy('COPY (MATCH (n) RETURN n) TO "a.csv"')).toBeUndefined();
  });
});

describe('toImport', () => {
  it.each([
    ['id|name\n1|a\n', columns('INT64', 'STRING'), { delimiter: '|', header: true }],
    ['1,a\n', columns('INT64', 'STRING'), { delimiter: ',', header: false }],
    ['"1","x,y"\n', columns('INT64', 'STRING'), { delimiter: ',', header: false }],
    ['c0,C1\nx,y\n', columns('STRING', 'STRING'), { delimiter: ',', header: true }],
    ['1,"a \\"b\\""\n', columns('INT64', 'STRING'), { escape: '\\' }],
    ['1,"a ""b"""\n', columns('INT64', 'STRING'), { escape: '"' }],
  ])('finds out how %j is written', (text, types, csv) => {
    expect(toImport(plain, text, types).csv).toMatchObject(csv);
  });

  it('believes what the statement says', () => {
    const options = new Map([
      ['auto_detect', 'false'],
      ['header', 'TRUE'],
      ['from', 'A'],
    ]);
    expect(toImport({ ...plain, options }, '1|2', columns('INT64', 'INT64'))).toEqual({
      table: 'T',
      fromLabel: 'A',
      csv: { delimiter: ',', quote: '"', escape: '"', header: true },
    });
  });
});

describe('changesWhatFollows', () => {
  it.each([
    ["LOAD FROM 'create.csv' RETURN *", 'LOAD FROM', false],
    ["LOAD FROM 'x.csv' CREATE (:T {id: 1})", 'LOAD', true],
    ['BEGIN TRANSACTION', 'BEGIN', true],
    ['CALL threads=4', 'CALL setting', false],
    ['CALL disable_map_key_check=false', 'CALL setting', true],
    ["COPY T FROM 'x.csv'", 'COPY', true],
    ['COPY (MATCH (n) RETURN n) TO "x.csv"', 'COPY', false],
    ["CALL CREATE_FTS_INDEX('a', 'b', ['c'])", 'CALL CREATE_FTS_INDEX', true],
    ['RETURN 1; RETURN 2', 'several statements', true],
  ])('%s: %s', (statement, construct, expected) => {
    expect(changesWhatFollows(statement, construct)).toBe(expected);
  });
});
