import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Mesh, removeMeshData, startInVain, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, expectOk, type Tenant } from '../support/rest.ts';

const ownFile = new URL('../../services/mesh/plan/tiers.json', import.meta.url);

let directory: string;
let file: string;
let mesh: Mesh;
let tenant: Tenant;
/** On the tier enterprise. */
let graphId: string;
/** On the tier standard. */
let quickGraphId: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-tiers-'));
  file = join(directory, 'tiers.json');
  const content = JSON.parse(await readFile(ownFile, 'utf8'));
  content.plans.enterprise.graphs = 2;
  Object.assign(content.tiers.enterprise, {
    statementCharacters: 200,
    rowsPerBatch: 3,
    subgraphs: 1,
  });
  content.tiers.standard.queryTimeoutSeconds = 1;
  content.tiers.enterprise.development.memoryMibPerDatabase = 64;
  await writeFile(file, JSON.stringify(content));
  const env = { TRELLIS_TIERS_FILE: file, TRELLIS_CREDIT_DEFAULT_PLAN: 'enterprise' };
  mesh = await startMesh({ env });
  tenant = await createTenant(mesh.url);
  const { graph } = expectOk(
    await tenant.rest.post('/v1/graphs', { displayName: 'limited', tier: 'enterprise' }),
  );
  graphId = graph.graphId;
  quickGraphId = await createGraph(tenant.rest, 'quick');
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
  await rm(directory, { recursive: true, force: true });
});

const ask = (statement: string, id = graphId) => tenant.rest.post(`/v1/graphs/${id}/query`, { statement });
const infoOf = ({ body }: { body: { error: { details: { metadata?: object }[] } } }) =>
  body.error.details.find(({ metadata }) => metadata)?.metadata;

describe('the limits of an operator’s own file of tiers hold, and their errors say limit and tier', () => {
  it('statement length', async () => {
    const answer = await ask(`RETURN '${'x'.repeat(200)}'`);
    expect(answer.body.error).toMatchObject({ code: 400, reason: 'STATEMENT_TOO_LONG' });
    expect(answer.body.error.message).toContain('the tier enterprise allows 200 characters');
    expect(infoOf(answer)).toMatchObject({ tier: 'enterprise', limit_characters: '200' });
  });

  it('rows in a batch', async () => {
    const path = `/v1/graphs/${graphId}/query/stream`;
    const { body } = await tenant.rest.post(path, { statement: 'UNWIND range(1, 8) AS i RETURN i' });
    const batches = (body as string)
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).rows?.length)
      .filter((length) => length !== undefined);
    expect(batches).toEqual([3, 3, 2]);
  });

  it('query timeout', async () => {
    const answer = await ask(
      'UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN sum(a * b % 7)',
      quickGraphId,
    );
    expect(answer.body.error).toMatchObject({ code: 504, reason: 'DEADLINE_EXCEEDED' });
    expect(infoOf(answer)).toMatchObject({ tier: 'standard', limit_ms: '1000' });
  });

  it('memory', async () => {
    const answer = await ask(
      'UNWIND range(1, 1500) AS x UNWIND range(1, 1500) AS y WITH x + y * 10000 AS k, count(*) AS c RETURN count(k)',
    );
    expect(answer.body.error).toMatchObject({ code: 429, reason: 'OUT_OF_MEMORY' });
    expect(infoOf(answer)).toMatchObject({ tier: 'enterprise', limit_bytes: String(64 * 2 ** 20) });
  });

  it('subgraphs, which a plan’s limit does not count', async () => {
    const create = () => tenant.rest.post('/v1/graphs', { displayName: 'sub', parentGraphId: graphId });
    const { graph } = expectOk(await create());
    expect(graph).toMatchObject({ parentGraphId: graphId, tier: 'enterprise' });
    const refused = await create();
    expect(refused.body.error).toMatchObject({ code: 429, reason: 'SUBGRAPH_LIMIT_REACHED' });
    expect(infoOf(refused)).toEqual({ tier: 'enterprise', limit: '1' });
    const third = await tenant.rest.post('/v1/graphs', { displayName: 'third' });
    expect(third.body.error.reason).toBe('GRAPH_LIMIT_REACHED');
  });

  it('a key for the parent is good for its subgraph, and the parent stays while it has one', async () => {
    const { graphs } = expectOk(await tenant.rest.get(`/v1/graphs?parentGraphId=${graphId}`));
    const [subgraph] = graphs;
    const key = { displayName: 'narrow', graphIds: [graphId] };
    const narrow = tenant.rest.as(expectOk(await tenant.rest.post('/v1/api-keys', key)).secret);
    expectOk(await narrow.post(`/v1/graphs/${subgraph.graphId}/query`, { statement: 'RETURN 1' }));
    const kept = await tenant.rest.delete(`/v1/graphs/${graphId}`);
    expect(kept.body.error).toMatchObject({ code: 400, reason: 'GRAPH_HAS_SUBGRAPHS' });
    expectOk(await tenant.rest.delete(`/v1/graphs/${subgraph.graphId}`));
    expectOk(await tenant.rest.delete(`/v1/graphs/${graphId}`));
  });
});

it('a file of tiers that breaks a rule stops the start and says what is wrong where', async () => {
  const content = JSON.parse(await readFile(file, 'utf8'));
  content.tiers.premium.queryTimeoutSeconds = '5m';
  const broken = join(directory, 'broken.json');
  await writeFile(broken, JSON.stringify(content));
  const { code, log } = await startInVain({ TRELLIS_TIERS_FILE: broken });
  expect(code).toBe(1);
  expect(log).toContain(`${broken}: tiers.premium.queryTimeoutSeconds must be a whole number from 1 to 3600`);
});
