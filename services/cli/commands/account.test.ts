import { expect, test } from 'vitest';
import { type FakeAnswer, runCli, type SeenRequest, startFakeMesh } from '../testing.ts';

async function cli(answer: FakeAnswer | ((request: SeenRequest) => FakeAnswer), ...args: string[]) {
  const mesh = await startFakeMesh(typeof answer === 'function' ? answer : () => answer);
  const env = { TRELLIS_URL: mesh.url, TRELLIS_API_KEY: 'k' };
  const result = await runCli(args, { env });
  expect(result.code).toBe(0);
  const cells = result.stdout
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .map((line) =>
      line
        .split('│')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  return { ...result, cells, seen: mesh.seen };
}

const apiKey = { apiKeyId: 'abc', displayName: 'ci\u001b', graphIds: [], createTime: '2026-01-01T00:00:00Z' };
const graph = {
  graphId: 'kg_1',
  displayName: 'people',
  tier: 'standard',
  state: 'GRAPH_STATE_ACTIVE',
  createTime: '2026-01-01T00:00:00Z',
};

test('key create sends the restriction and shows the secret, once', async () => {
  const answer = { json: { apiKey, secret: 'trl_live_secret' } };
  const options = ['--graph', 'kg_1', 'kg_2', '--expire-time', '2027-01-01T00:00:00Z'];
  const { cells, stderr, seen } = await cli(answer, 'key', 'create', 'ci', ...options, '--output', 'table');
  expect(JSON.parse(seen[0]?.body ?? '')).toEqual({
    displayName: 'ci',
    graphIds: ['kg_1', 'kg_2'],
    expireTime: '2027-01-01T00:00:00Z',
  });
  expect(cells[1]).toEqual(['abc', 'ci\\u001b', 'all', '2026-01-01T00:00:00Z', 'never', 'trl_live_secret']);
  expect(stderr).toContain('shown only now');
});

test('key list shows no secret, key revoke names the key in the path', async () => {
  const { cells } = await cli({ json: { apiKeys: [apiKey] } }, 'key', 'list', '--output', 'table');
  expect(cells).toHaveLength(2);
  expect(cells[1]?.[0]).toBe('abc');
  const { seen } = await cli({ json: {} }, 'key', 'revoke', 'a/b');
  expect(seen[0]?.call).toBe('DELETE /v1/api-keys/a%2Fb');
});

test('graph list reads every page', async () => {
  const { stdout, seen } = await cli(
    ({ call }) =>
      call.includes('pageToken')
        ? { json: { graphs: [{ ...graph, graphId: 'kg_2' }], nextPageToken: '' } }
        : { json: { graphs: [graph], nextPageToken: 'a b' } },
    'graph',
    'list',
  );
  expect(seen.map(({ call }) => call)).toEqual([
    'GET /v1/graphs?pageSize=1000',
    'GET /v1/graphs?pageSize=1000&pageToken=a+b',
  ]);
  expect(JSON.parse(stdout).graphs.map(({ graphId }: typeof graph) => graphId)).toEqual(['kg_1', 'kg_2']);
});

test('graph create, get and delete', async () => {
  const created = await cli({ json: { graph } }, 'graph', 'create', 'people', '--output', 'table');
  expect(created.seen[0]).toMatchObject({
    call: 'POST /v1/graphs',
    body: '{"displayName":"people","tier":"standard"}',
  });
  expect(created.cells[1]).toEqual(['kg_1', 'people', 'standard', 'active', '2026-01-01T00:00:00Z']);
  const got = await cli({ json: { graph } }, 'graph', 'get', 'kg_1');
  expect(JSON.parse(got.stdout)).toEqual({ graph });
  const deleted = await cli({ json: {} }, 'graph', 'delete', 'kg_1', '--output', 'table');
  expect(deleted.seen[0]?.call).toBe('DELETE /v1/graphs/kg_1');
  expect(deleted.stdout).toBe('Deleted.\n');
});

test('execute runs the statement as a write and shows what it returned', async () => {
  const answer = {
    columns: [{ name: 'n', type: 'INT64' }],
    rows: [[1]],
    rowCount: 1,
    elapsedMs: 2,
    revision: '1.5',
  };
  const { cells, stderr, seen } = await cli(
    { json: answer },
    'execute',
    'kg_1',
    'CREATE (:A {id: $id}) RETURN 1 AS n',
    '--param',
    'id=1',
    '--output',
    'table',
  );
  expect(seen[0]?.call).toBe('POST /v1/graphs/kg_1/execute');
  expect(JSON.parse(seen[0]?.body ?? '').parameters).toEqual({ id: 1 });
  expect(cells).toEqual([['n'], ['1']]);
  expect(stderr).toBe('1 row in 2.0 ms, revision 1.5\n');
});

test('execute without a result shows no table', async () => {
  const answer = { columns: [], rows: [], rowCount: 0, elapsedMs: 2, revision: '1.5' };
  const { stdout } = await cli({ json: answer }, 'execute', 'kg_1', 'CREATE …', '--output', 'table');
  expect(stdout).toBe('');
});

test('schema shows each property and each pair of ends', async () => {
  const schema = {
    nodeTables: [
      {
        name: 'Person',
        primaryKey: 'id',
        properties: [
          { name: 'id', type: 'INT64' },
          { name: 'name', type: 'STRING' },
        ],
      },
    ],
    relationshipTables: [
      {
        name: 'KNOWS',
        connections: [
          { fromLabel: 'Person', toLabel: 'Person' },
          { fromLabel: 'Person', toLabel: 'Cat' },
        ],
        properties: [{ name: 'since', type: 'DATE' }],
      },
    ],
  };
  const { cells } = await cli({ json: schema }, 'schema', 'kg_1', '--output', 'table');
  expect(cells.slice(1, 3)).toEqual([
    ['Person', 'id', 'INT64', 'primary key'],
    ['', 'name', 'STRING', ''],
  ]);
  expect(cells.slice(4)).toEqual([
    ['KNOWS', 'Person', 'Person', 'since DATE'],
    ['', 'Person', 'Cat', ''],
  ]);
});

test('credits are shown exactly, limits and plans in words for people', async () => {
  const balance = {
    availableMicros: '9007199254740993000001',
    heldMicros: '0',
    debtMicros: '1500000',
    grants: [{ source: 'plan:standard', amountMicros: '10000000000', availableMicros: '1', expireTime: 'T' }],
  };
  const credits = await cli({ json: balance }, 'credits', '--output', 'table');
  expect(credits.cells).toEqual([
    ['available', 'held', 'debt'],
    ['9007199254740993.000001', '0', '1.5'],
    ['grant', 'given', 'left', 'expires'],
    ['plan:standard', '10000', '0.000001', 'T'],
  ]);
  const category = 'LIMIT_CATEGORY_GRAPH_QUERY';
  const limit = { category, requestsPerMinute: 60, remaining: 59, reset: '0.5s' };
  const limits = await cli({ json: { plan: 'standard', limits: [limit] } }, 'limits', '--output', 'table');
  expect(limits.cells[1]).toEqual(['GRAPH_QUERY', '60', '59', '1 s']);
  const plan = { planId: 'standard', priceCentsPerMonth: 4999, creditsPerMonth: 10000, graphsMax: 5 };
  const plans = await cli({ json: { plans: [plan] } }, 'plans', '--output', 'table');
  expect(plans.cells[1]).toEqual(['standard', '$49.99', '10000', '5']);
  expect(plans.seen[0]?.headers.authorization).toBeUndefined();
});

test('whoami shows user, organization and where', async () => {
  const me = {
    user: { userId: 'usr_1', email: 'ada@example.com', name: 'Ada' },
    organization: { organizationId: 'org_1', displayName: 'Ada', plan: 'standard' },
  };
  const { cells } = await cli({ json: me }, 'whoami', '--output', 'table');
  expect(cells[1]?.slice(0, 5)).toEqual(['usr_1', 'Ada', 'ada@example.com', 'org_1', 'standard']);
  const { stdout } = await cli({ json: me }, 'whoami', '--output', 'ndjson');
  expect(stdout).toBe(`${JSON.stringify(me)}\n`);
});
