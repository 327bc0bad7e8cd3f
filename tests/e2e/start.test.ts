import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { descendants, isAlive, type Mesh, removeMeshData, startInVain, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, expectOk, query, RestClient } from '../support/rest.ts';

const started: Mesh[] = [];
afterAll(async () => {
  for (const mesh of started) await removeMeshData(mesh);
});

describe('the mesh from one command', () => {
  it('starts from an empty directory, answers readyz, and lists its services by health and reflection', async () => {
    // Not one of startMesh's own, which have a database already.
    const dataDirectory = await mkdtemp(join(tmpdir(), 'trellis-test-'));
    const mesh = await startMesh({ dataDirectory });
    started.push(mesh);
    const ready = await fetch(`${mesh.url}/readyz`);
    expect(ready.status).toBe(200);
    expect((await fetch(`${mesh.url}/healthz`)).status).toBe(200);
    const openApi = expectOk(await new RestClient(mesh.url).get('/openapi.json'));
    expect(openApi.openapi).toMatch(/^3\.1/);
    expect(Object.keys(openApi.paths)).toContain('/v1/graphs/{graphId}/query');
    await mesh.stop();
  });

  it('ends on SIGTERM with 0 and leaves no child behind', async () => {
    const mesh = await startMesh();
    started.push(mesh);
    const tenant = await createTenant(mesh.url);
    const graphId = await createGraph(tenant.rest);
    await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
    const children = descendants(mesh.pid);
    expect(children.length).toBeGreaterThanOrEqual(2);
    expect(await mesh.stop()).toBe(0);
    for (const pid of children) expect(isAlive(pid)).toBe(false);
  });

  it('keeps accounts, keys, graphs and data over a restart', async () => {
    const first = await startMesh();
    started.push(first);
    const tenant = await createTenant(first.url);
    const graphId = await createGraph(tenant.rest, 'kept');
    await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
    await execute(tenant.rest, graphId, 'CREATE (:T {id: 42})');
    expect(await first.stop()).toBe(0);

    const second = await startMesh({ dataDirectory: first.dataDirectory });
    const rest = new RestClient(second.url, tenant.apiKey);
    expect((await query(rest, graphId, 'MATCH (t:T) RETURN t.id')).rows).toEqual([[42]]);
    const { email, password } = tenant;
    const login = await new RestClient(second.url).post('/v1/auth/login', { email, password });
    expect(login.status).toBe(200);
    await second.stop();
  });

  it('says so when its data directory is in use, and leaves the first one alone', async () => {
    const first = await startMesh();
    started.push(first);
    const env = { TRELLIS_DATA_DIR: first.dataDirectory, TRELLIS_EDGE_PORT: '0', TRELLIS_ADMIN_PORT: '0' };
    const { code, log } = await startInVain(env);
    expect(code).toBe(1);
    expect(log).toContain('is in use');
    expect(log).toContain('TRELLIS_DATA_DIR');
    expect((await fetch(`${first.url}/readyz`)).status).toBe(200);
    await first.stop();
  });

  it('says which setting is wrong', async () => {
    const { code, log } = await startInVain({ TRELLIS_EDGE_PORT: 'eighty' });
    expect(code).toBe(1);
    expect(log).toContain('TRELLIS_EDGE_PORT must be a whole number from 0 to 65535');
    expect(log).not.toContain('eighty');
  });

  it('says which port is taken', async () => {
    const first = await startMesh();
    started.push(first);
    const env = { TRELLIS_DATA_DIR: `${first.dataDirectory}-2`, TRELLIS_EDGE_PORT: String(first.port) };
    const { code, log } = await startInVain({ ...env, TRELLIS_ADMIN_PORT: '0' });
    expect(code).toBe(1);
    expect(log).toContain(`port ${first.port} is taken`);
    await first.stop();
    await removeMeshData({ ...first, dataDirectory: `${first.dataDirectory}-2` });
  });
});
