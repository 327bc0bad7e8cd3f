import { expect, test } from 'vitest';
import { ApiError } from '../api/api-error.ts';
import { type FakeAnswer, failure, type SeenRequest, startFakeMesh } from '../testing.ts';
import { runDemo } from './steps.ts';

/** A mesh that counts the lines it is sent; `answer` may say something else first. */
async function startCountingMesh(answer: (request: SeenRequest) => FakeAnswer | undefined = () => undefined) {
  const totals = new Map<string, number>();
  const mesh = await startFakeMesh((request) => {
    const { call, body } = request;
    const said = answer(request);
    if (said) return said;
    if (call.endsWith('/register')) return { json: { accessToken: 'access-1' } };
    if (call.endsWith('/api-keys')) return { json: { secret: 'trl_live_secret' } };
    if (call.endsWith('/graphs')) return { json: { graph: { graphId: 'kg_1' } } };
    const [, table] = /tables\/(\w+)\/import/.exec(call) ?? [];
    if (table) {
      const rowCount = body.trimEnd().split('\n').length - 1;
      totals.set(table, (totals.get(table) ?? 0) + rowCount);
      return { json: { rowCount, elapsedMs: 1 } };
    }
    const rows = body.includes('label(n)') ? [...totals] : [];
    return { json: { columns: [{ name: 'c', type: 'STRING' }], rows, elapsedMs: 1 } };
  });
  const said: string[] = [];
  const run = () => runDemo({ url: mesh.url, say: (text) => said.push(text) });
  return { run, said, seen: mesh.seen };
}

test('the demo stays far below the limits of a standard plan and ends with a line to go on', async () => {
  const { run, said, seen } = await startCountingMesh();
  await run();
  const count = (pattern: RegExp) => seen.filter(({ call }) => pattern.test(call)).length;
  expect(count(/register$/)).toBe(1);
  expect(count(/execute$|graphs$/)).toBeLessThanOrEqual(20);
  expect(count(/import/)).toBeLessThanOrEqual(20);
  expect(count(/query$/)).toBeLessThanOrEqual(20);
  expect(said.join('\n')).toMatch(/Country +│ +250 │ +250 /);
  expect(said.at(-1)).toMatch(/cli -- query kg_1 /);
});

test('everything after the account is done with the API key', async () => {
  const { run, seen } = await startCountingMesh();
  await run();
  const credentials = seen.map(({ headers }) => headers.authorization);
  expect(credentials.slice(0, 2)).toEqual([undefined, 'Bearer access-1']);
  expect(new Set(credentials.slice(2))).toEqual(new Set(['Bearer trl_live_secret']));
});

test('a graph that has other rows than the source fails the demo, which names the table', async () => {
  const rows = [
    ['Country', 249],
    ['BORDERS', 649],
  ];
  const { run } = await startCountingMesh(({ body }) =>
    body.includes('label(n)') ? { json: { columns: [], rows, elapsedMs: 1 } } : undefined,
  );
  await expect(run()).rejects.toThrow(/^the graph does not have what the source has: Country, Region/);
});

test('where the mesh limits new accounts it waits as long as it is told, once', async () => {
  const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '0.001s' };
  const limited = failure(429, 'RATE_LIMITED', 'the limit is used up', [retry]);
  let refusals = 1;
  const once = await startCountingMesh(({ call }) => {
    return call.endsWith('/register') && refusals-- > 0 ? limited : undefined;
  });
  await once.run();
  expect(once.said[0]).toContain('the limit is used up');
  const always = await startCountingMesh(({ call }) => (call.endsWith('/register') ? limited : undefined));
  await expect(always.run()).rejects.toThrow(ApiError);
  expect(always.seen).toHaveLength(2);
});
