import { describe, expect, it } from 'vitest';
import { sourceRoot } from './corpus-files.ts';
import { parseTestFile } from './parse-test-file.ts';

const parse = (body: string, header = '-DATASET CSV tinysnb\n\n--\n\n') => parseTestFile(header + body);

/** Where a variable goes. */
const place = (name: string) => `\${${name}}`;

/** The first step of the first case, which must be a statement. */
function first(body: string) {
  const step = parse(`-CASE A\n${body}`).cases[0]?.steps[0];
  if (step?.kind !== 'statement') throw new Error('no statement');
  return step;
}

describe('parseTestFile', () => {
  it.each([
    ['-DATASET CSV tinysnb', 'CSV', 'tinysnb'],
    ['-DATASET PARQUET CSV_TO_PARQUET(order-by-tests)', 'CSV', 'order-by-tests'],
    ['-DATASET KUZU binary-demo', 'KUZU', 'binary-demo'],
  ])('reads %s', (header, datasetType, dataset) => {
    expect(parse('', `${header}\n-BUFFER_POOL_SIZE 1\n--\n`)).toMatchObject({ datasetType, dataset });
  });

  it('joins the lines of a statement, and words by one space outside quotes', () => {
    const body = "-STATEMENT MATCH  (a)\n           WHERE a.x = 1\n   RETURN '  b'\n---- ok\n";
    expect(first(body).statement).toBe("MATCH (a)           WHERE a.x = 1    RETURN '  b'");
    expect(first(body).line).toBe(6);
  });

  it('drops the name of a connection', () => {
    expect(first('-STATEMENT [conn_2] RETURN 1;\n---- ok\n').statement).toBe('RETURN 1;');
  });

  it.each([
    ['---- ok', [{ kind: 'ok' }]],
    ['---- 2\n-1|a\n# no comment', [{ kind: 'tuples', lines: ['-1|a', '# no comment'] }]],
    ['---- 0', [{ kind: 'tuples', lines: [] }]],
    ['---- error\nError: x\nand y\n\n-LOG z', [{ kind: 'error', message: 'Error: x\nand y' }]],
    ['---- error(regex)\n^a.*$', [{ kind: 'error-pattern', pattern: '^a.*$' }]],
    ['---- hash\n4 tuples hashed to abc', [{ kind: 'hash', md5: 'abc' }]],
    ['---- 90\n<FILE>:x.csv', [{ kind: 'answers', file: 'x.csv' }]],
    ['# why\n\n---- ok\n---- 1\n2', [{ kind: 'ok' }, { kind: 'tuples', lines: ['2'] }]],
  ])('reads %j', (text, expectations) => {
    expect(first(`-STATEMENT RETURN 1\n${text}\n`).expectations).toEqual(expectations);
  });

  it('keeps how a result is compared to the one statement', () => {
    const [test] = parse(
      '-CASE A\n-CHECK_ORDER\n-PARALLELISM 1\n-STATEMENT RETURN 1\n---- ok\n-STATEMENT RETURN 2\n---- ok\n',
    ).cases;
    expect(test?.steps).toMatchObject([{ checkOrder: true }, { checkOrder: false, checkPrecision: false }]);
  });

  it('puts in what was defined', () => {
    const body = [
      '-DEFINE text "a b"',
      '-DEFINE list ARANGE 1 3',
      `-DEFINE more REPEAT 2 "c${place('count')},"`,
      `-STATEMENT RETURN ${['text', 'list', 'more', 'KUZU_ROOT_DIRECTORY', 'other'].map(place).join(' ')}`,
      '---- ok\n',
    ].join('\n');
    expect(first(body).statement).toBe(`RETURN a b [1,2,3] c1,c2, ${sourceRoot} \${other}`);
  });

  it('puts in blocks, and knows steps that are no statements', () => {
    const { cases } = parse(
      '-DEFINE_STATEMENT_BLOCK b [\n-STATEMENT RETURN 1\n---- ok\n]\n-CASE A\n-INSERT_STATEMENT_BLOCK b\n' +
        '-RELOADDB\n-CASE B\n-LOAD_DYNAMIC_EXTENSION json\n',
    );
    expect(cases.map(({ name, steps }) => [name, steps.length])).toEqual([
      ['A', 2],
      ['B', 1],
    ]);
    expect(cases[0]?.steps[1]).toMatchObject({ kind: 'runner', directive: 'RELOADDB' });
    expect(cases[1]?.steps[0]).toMatchObject({ statement: "LOAD EXTENSION 'json'" });
  });

  it('knows which cases are disabled', () => {
    const body = '-CASE A\n-SKIP\n-STATEMENT RETURN 1\n---- ok\n-CASE B\n-STATEMENT RETURN 1\n---- ok\n';
    expect(parse(body).cases.map(({ disabledBy }) => disabledBy)).toEqual(['SKIP', undefined]);
    const all = parse(body, '-DATASET CSV empty\n-SKIP\n--\n').cases;
    expect(all.map(({ disabledBy }) => disabledBy)).toEqual(['SKIP', 'SKIP']);
  });

  it('counts what it does not know', () => {
    expect([...parse('-CASE A\n-NEW_THING 1\n-STATEMENT RETURN 1\n---- ok\n').unknown]).toEqual([
      ['-NEW_THING', 1],
    ]);
  });
});
