import { describe, expect, test } from 'vitest';
import { failure, runCli, startFakeMesh } from './testing.ts';

const env = { TRELLIS_API_KEY: 'trl_live_key' };

describe('a command line that cannot be understood exits with 2 and calls nothing', () => {
  test.each([
    [['nope'], /unknown command/],
    [['query', 'kg_1'], /missing required argument 'statement'/],
    [['query', 'kg_1', ' '], /the statement is empty/],
    [['query', 'kg_1', 'RETURN $a', '-p', 'a'], /a parameter is name=value/],
    [['query', 'kg_1', 'RETURN $a', '-p', 'a=1', '-p', 'a=2'], /the parameter a is given twice/],
    [['query', 'kg_1', 'RETURN 1', '--max-rows', '-1'], /whole number/],
    [['query', 'kg_1', 'RETURN 1', '--max-rows', '4294967296'], /whole number/],
    [['plans', '--output', 'xml'], /Allowed choices are table, json, ndjson/],
    [['plans', '--url', 'ftp://host'], /is not a URL such as/],
    [['plans', '--url', 'http://user@host'], /is not a URL such as/],
    [['login', 'ada@example.com'], /no terminal to ask for the password/],
  ])('%j', async (args, expected) => {
    const mesh = await startFakeMesh(() => ({ json: { plans: [] } }));
    const { code, stdout, stderr } = await runCli(args, { env: { TRELLIS_URL: mesh.url, ...env } });
    expect(stderr).toMatch(expected);
    expect({ code, stdout, calls: mesh.seen.length }).toEqual({ code: 2, stdout: '', calls: 0 });
  });
});

test('help is no failure and names every command', async () => {
  const { code, stdout } = await runCli(['--help']);
  expect(code).toBe(0);
  for (const name of ['register', 'logout', 'whoami', 'key', 'graph', 'query', 'import', 'plans']) {
    expect(stdout).toMatch(new RegExp(`^  ${name} `, 'm'));
  }
});

describe('a failed call exits with 1 and one line on stderr', () => {
  const line = async (args: readonly string[], answer: ReturnType<typeof failure>) => {
    const mesh = await startFakeMesh(() => answer);
    const { code, stdout, stderr } = await runCli(args, { env: { TRELLIS_URL: mesh.url, ...env } });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr.match(/\n/g)).toHaveLength(1);
    return stderr.trimEnd().replace(mesh.url, 'URL');
  };

  test('with message, reason and request id', async () => {
    expect(await line(['graph', 'get', 'kg_1'], failure(404, 'GRAPH_NOT_FOUND', 'no such graph'))).toBe(
      'trellis: no such graph (GRAPH_NOT_FOUND, request req-1)',
    );
  });

  test('with when to come back', async () => {
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '11.2s' };
    const answer = failure(429, 'RATE_LIMITED', 'the limit is used up', [retry]);
    expect(await line(['limits'], answer)).toBe(
      'trellis: the limit is used up; try again in 12 s (RATE_LIMITED, request req-1)',
    );
  });

  test('with where in the statement', async () => {
    const info = {
      '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
      metadata: { line: '2', column: '9' },
    };
    const answer = failure(400, 'STATEMENT_INVALID', '( is never closed', [info]);
    expect(await line(['execute', 'kg_1', '('], answer)).toBe(
      'trellis: ( is never closed at line 2, column 9 (STATEMENT_INVALID, request req-1)',
    );
  });

  test('that does nothing to the terminal', async () => {
    expect(await line(['limits'], failure(500, 'INTERNAL', 'a\u001b[2J\nb'))).toBe(
      'trellis: a\\u001b[2J\\nb (INTERNAL, request req-1)',
    );
  });

  test.each([
    [{ status: 502, text: '<html>' }, 'HTTP 502 Bad Gateway'],
    [{ status: 200, text: '<html>' }, 'HTTP 200 OK'],
    [{ status: 301, text: '' }, 'HTTP 301 Moved Permanently'],
  ])('where something else answers: %j', async (answer, status) => {
    expect(await line(['limits'], answer)).toBe(`trellis: what answers at URL is not Trellis: ${status}`);
  });
});

test('where nothing listens, the line says where it looked and how to start the mesh', async () => {
  const { code, stderr } = await runCli(['plans'], { env: { TRELLIS_URL: 'http://127.0.0.1:2' } });
  expect(code).toBe(1);
  expect(stderr).toBe(
    'trellis: nothing listens at http://127.0.0.1:2. Start the mesh with "npm start", or say where it is with --url or TRELLIS_URL\n',
  );
});

test('without any credential nothing is called', async () => {
  const mesh = await startFakeMesh(() => ({ json: {} }));
  const { code, stderr } = await runCli(['graph', 'list', '--url', mesh.url]);
  expect(code).toBe(1);
  expect(stderr).toContain(`not logged in at ${mesh.url}`);
  expect(mesh.seen).toEqual([]);
});

test('--url and --api-key win over the environment', async () => {
  const mesh = await startFakeMesh(() => ({ json: { limits: [] } }));
  const own = { TRELLIS_URL: 'http://127.0.0.1:2', TRELLIS_API_KEY: 'other' };
  const { code } = await runCli(['limits', '--url', `${mesh.url}/`, '--api-key', 'mine'], { env: own });
  expect(code).toBe(0);
  expect(mesh.seen[0]?.headers.authorization).toBe('Bearer mine');
});

test('a redirect is not followed: nothing goes where it was not meant to go', async () => {
  const other = await startFakeMesh(() => ({ json: { limits: [] } }));
  const mesh = await startFakeMesh(() => ({ status: 307, text: '', location: `${other.url}/v1/limits` }));
  const { code, stderr } = await runCli(['limits'], { env: { TRELLIS_URL: mesh.url, ...env } });
  expect(code).toBe(1);
  expect(stderr).toContain('is not Trellis: HTTP 307');
  expect(other.seen).toEqual([]);
});
