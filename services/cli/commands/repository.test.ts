import { expect, test } from 'vitest';
import { runCli, startFakeMesh } from '../testing.ts';

const sec = { repository: 'sec', displayName: 'SEC filings', description: 'Filings.', subscribed: true };

async function cli(json: object, ...args: string[]) {
  const mesh = await startFakeMesh(() => ({ json }));
  const env = { TRELLIS_URL: mesh.url, TRELLIS_API_KEY: 'k' };
  const { code, stdout } = await runCli([...args, '--output', 'table'], { env });
  expect(code).toBe(0);
  return { stdout, seen: mesh.seen };
}

test('repositories list shows which are subscribed to', async () => {
  const { stdout, seen } = await cli({ repositories: [sec] }, 'repositories', 'list');
  expect(seen.map(({ call }) => call)).toEqual(['GET /v1/repositories']);
  expect(stdout).toMatch(/sec +│ SEC filings +│ yes +│ Filings\./);
});

test('subscribe and unsubscribe name the repository in the path', async () => {
  const subscribed = await cli({}, 'repository', 'subscribe', 'a/b');
  expect(subscribed.seen[0]?.call).toBe('PUT /v1/repositories/a%2Fb/subscription');
  expect(subscribed.stdout).toBe('Subscribed.\n');
  const ended = await cli({}, 'repository', 'unsubscribe', 'sec');
  expect(ended.seen[0]?.call).toBe('DELETE /v1/repositories/sec/subscription');
  expect(ended.stdout).toBe('Unsubscribed.\n');
});

test('create names the repository in the body', async () => {
  const { seen } = await cli({ repository: { ...sec, subscribed: false } }, 'repository', 'create', 'sec');
  expect(seen[0]).toMatchObject({ call: 'POST /v1/repositories', body: '{"repository":"sec"}' });
});

test('graph create --parent leaves the tier to the parent', async () => {
  const graph = { graphId: 'kg_2', displayName: 'sub', tier: 'enterprise', state: 'GRAPH_STATE_ACTIVE' };
  const { seen } = await cli({ graph }, 'graph', 'create', 'sub', '--parent', 'kg_1');
  expect(seen[0]?.body).toBe('{"displayName":"sub","parentGraphId":"kg_1"}');
});
