import { describe, expect, test } from 'vitest';
import { type FakeAnswer, failure, runCli, startFakeMesh } from '../testing.ts';

const columns = '{"columns":[{"name":"id","type":"INT64"},{"name":"name","type":"STRING"}]}';
const rows = ['{"rows":[[1,"Ada"],["9007199254740993",null]]}', '{"rows":[[36.0,"a\\u001b[2J"]]}'];
const done = '{"done":{"rowCount":3,"elapsedMs":1.25,"revision":"1.4","truncated":false}}';
const error = JSON.stringify(failure(400, 'STATEMENT_FAILED', 'Divide by zero.').json);

async function query(answer: FakeAnswer, args: readonly string[], options: object = {}) {
  const mesh = await startFakeMesh(() => answer);
  const env = { TRELLIS_URL: mesh.url, TRELLIS_API_KEY: 'k' };
  const result = await runCli(['query', 'kg_1', ...args], { env, ...options });
  return { ...result, request: mesh.seen[0] };
}

const whole = { text: `${[columns, ...rows, done].join('\n')}\n` };

test('on a terminal the result is a table that does nothing to it; counts go to stderr', async () => {
  const { code, stdout, stderr } = await query(whole, ['RETURN 1'], { isTTY: true });
  expect(code).toBe(0);
  expect(stdout).toBe(
    [
      '┌──────────────────┬────────────┐',
      '│ id               │ name       │',
      '├──────────────────┼────────────┤',
      '│ 1                │ Ada        │',
      '│ 9007199254740993 │ NULL       │',
      '│ 36.0             │ a\\u001b[2J │',
      '└──────────────────┴────────────┘',
      '',
    ].join('\n'),
  );
  expect(stderr).toBe('3 rows in 1.3 ms, revision 1.4\n');
});

test('elsewhere it is one JSON document with every digit, in the form of Query', async () => {
  const { code, stdout } = await query(whole, ['RETURN 1']);
  expect(code).toBe(0);
  expect(stdout).toContain('\n[36.0,"a\\u001b[2J"]\n');
  expect(JSON.parse(stdout)).toEqual({
    ...JSON.parse(columns),
    rows: [
      [1, 'Ada'],
      ['9007199254740993', null],
      [36, 'a\u001b[2J'],
    ],
    ...JSON.parse(done).done,
  });
});

test('an empty result is a whole document too', async () => {
  const end = '{"done":{"rowCount":0,"elapsedMs":1,"revision":"1.4","truncated":false}}';
  const { stdout } = await query({ text: `${columns}\n${end}\n` }, ['RETURN 1']);
  expect(JSON.parse(stdout)).toMatchObject({ rows: [], rowCount: 0 });
});

test('NDJSON is passed on line by line', async () => {
  const { stdout } = await query(whole, ['RETURN 1', '--output', 'ndjson']);
  expect(stdout).toBe(whole.text);
});

describe.each(['table', 'json', 'ndjson'])('as %s', (output) => {
  test('an error after rows exits with 1 and its line, and the result does not look whole', async () => {
    const answer = { text: `${[columns, ...rows, error].join('\n')}\n` };
    const { code, stdout, stderr } = await query(answer, ['RETURN 1', '--output', output]);
    expect(code).toBe(1);
    expect(stderr).toBe('trellis: Divide by zero. (STATEMENT_FAILED, request req-1)\n');
    if (output === 'json') expect(() => JSON.parse(stdout)).toThrow(SyntaxError);
    expect(stdout).not.toMatch(/"rowCount"|└/);
  });

  test.each([
    ['ends before it is done', { text: `${columns}\n${rows[0]}\n` }],
    ['ends within a line', { text: `${columns}\n${rows[0]?.slice(0, 20)}` }],
    ['breaks', { text: `${columns}\n${rows[0]}\n`, isCut: true }],
    ['has nothing at all', { text: '' }],
  ])('a stream that %s exits with 1', async (_, answer) => {
    const { code, stderr } = await query(answer, ['RETURN 1', '--output', output]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^trellis: (the result is not complete|the connection to \S+ broke)/);
  });
});

test('a refusal before the first row is the error of any call', async () => {
  const { code, stderr } = await query(failure(404, 'GRAPH_NOT_FOUND', 'no such graph'), ['RETURN 1']);
  expect(code).toBe(1);
  expect(stderr).toContain('GRAPH_NOT_FOUND');
});

test('parameters are JSON with every digit, or else strings', async () => {
  const values = [
    'id=9223372036854775807',
    'f=36.0',
    'big=1e400',
    's=Ada',
    'q="1"',
    '$e=',
    'x=a=b',
    'l=[1,2.0]',
  ];
  const typed = 't={"$type":"DATE","value":"2026-01-02"}';
  const args = [...values, typed].flatMap((value) => ['-p', value]);
  const { request } = await query(whole, ['RETURN $id', ...args]);
  expect(request?.body).toBe(
    '{"statement":"RETURN $id","parameters":{"id":9223372036854775807,"f":36.0,"big":1e400,"s":"Ada",' +
      '"q":"1","e":"","x":"a=b","l":[1,2.0],"t":{"$type":"DATE","value":"2026-01-02"}}}',
  );
});

test('the statement comes from stdin where it is -, and the options go along', async () => {
  const options = ['--timeout-ms', '500', '--max-rows', '7', '--at-least-revision', '1.3'];
  const { request } = await query(whole, ['-', ...options], { stdin: 'RETURN\n1' });
  expect(request?.call).toBe('POST /v1/graphs/kg_1/query/stream');
  expect(JSON.parse(request?.body ?? '')).toEqual({
    statement: 'RETURN\n1',
    timeoutMs: 500,
    maxRows: 7,
    atLeastRevision: '1.3',
  });
});

test('a table asks for no more rows than it shows, and says where that cut it', async () => {
  const cut = { text: whole.text.replace('"truncated":false', '"truncated":true') };
  const { request, stderr } = await query(cut, ['RETURN 1', '--output', 'table']);
  expect(JSON.parse(request?.body ?? '')).toMatchObject({ maxRows: 1000 });
  expect(stderr).toContain('Only the first 1000 rows are shown');
  const asked = await query(cut, ['RETURN 1', '--output', 'table', '--max-rows', '3']);
  expect(asked.stderr).not.toContain('Only the first');
});
