import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePids, killIfAlive, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type Tenant } from '../support/rest.ts';

let mesh: Mesh;
let tenant: Tenant;

beforeAll(async () => {
  mesh = await startMesh();
  tenant = await createTenant(mesh.url);
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

const databasePath = (graphId: string) => join(mesh.dataDirectory, 'graphs', graphId, 'graph.kuzu');

async function overwrite(graphId: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(databasePath(graphId), 'r+');
  await file.write(bytes, 0, bytes.length, position);
  await file.close();
}

const withCause = (cause: string) =>
  expect.arrayContaining([expect.objectContaining({ metadata: expect.objectContaining({ cause }) })]);

/** A graph with data whose engine is killed after its file was changed. */
async function createBroken(position: number, bytes: Uint8Array): Promise<string> {
  const others = new Set(enginePids(mesh));
  const graphId = await createGraph(tenant.rest);
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
  await overwrite(graphId, position, bytes);
  for (const pid of enginePids(mesh)) if (!others.has(pid)) killIfAlive(pid);
  return graphId;
}

it.each([
  ['is damaged', 0, Buffer.alloc(16, 0xff), 'damaged', 'its file is damaged'],
  ['was written by another version of the engine', 4, Buffer.from([99]), 'version', 'another version'],
])(
  'a graph whose file %s is out of service, its caller hears why, and no other graph notices',
  async (_, position, bytes, cause, words) => {
    const neighbour = await createGraph(tenant.rest);
    const graphId = await createBroken(position, bytes);
    await expect
      .poll(
        async () =>
          (await tenant.rest.post(`/v1/graphs/${graphId}/query`, { statement: 'RETURN 1' })).body.error,
        {
          timeout: 30_000,
        },
      )
      .toMatchObject({
        reason: 'UNAVAILABLE',
        message: expect.stringContaining(words),
        details: withCause(cause),
      });
    const { headers, status, body } = await tenant.rest.post(`/v1/graphs/${graphId}/query`, {
      statement: 'RETURN 1',
    });
    expect(status).toBe(503);
    expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
    expect(JSON.stringify(body)).not.toContain(mesh.dataDirectory);
    const described = await tenant.rest.get(`/v1/graphs/${graphId}`);
    expect(described.body.graph.state).toMatch(/SLEEPING/);
    expect(await query(tenant.rest, neighbour, 'RETURN 1')).toMatchObject({ rows: [[1]] });
    expect((await tenant.rest.delete(`/v1/graphs/${graphId}`)).status).toBe(200);
  },
);
