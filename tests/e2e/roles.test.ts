import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { exitOf, mainPath } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query } from '../support/rest.ts';

let directory: string;
let url: string;
const processes: ChildProcess[] = [];

/** A port that was free a moment ago. */
const freePort = () =>
  new Promise<number>((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });

const startRoles = (roles: readonly string[], env: Readonly<Record<string, string>>) => {
  const shared = { TRELLIS_DATA_DIR: directory, TRELLIS_LOG_LEVEL: 'fatal', TRELLIS_DISCOVERY: 'static' };
  const options = { env: { ...process.env, ...shared, ...env }, stdio: 'ignore' as const };
  processes.push(spawn(process.execPath, [mainPath, ...roles], options));
};

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-test-'));
  const [edge, control, ratelimit] = await Promise.all([freePort(), freePort(), freePort()]);
  // The embedded database is for one process, so the services that need it share one.
  const endpoints = [
    ...['iam', 'credit', 'catalog'].map((role) => `${role}=127.0.0.1:${control}`),
    `ratelimit=127.0.0.1:${ratelimit}`,
  ];
  const found = { TRELLIS_DISCOVERY_ENDPOINTS: endpoints.join(',') };
  startRoles(['iam', 'credit', 'catalog'], { ...found, TRELLIS_MESH_LISTEN: `127.0.0.1:${control}` });
  startRoles(['ratelimit'], { ...found, TRELLIS_MESH_LISTEN: `127.0.0.1:${ratelimit}` });
  startRoles(['graph-node'], found);
  startRoles(['edge'], { ...found, TRELLIS_EDGE_PORT: String(edge), TRELLIS_ADMIN_PORT: '0' });
  url = `http://127.0.0.1:${edge}`;
});
afterAll(async () => {
  for (const child of processes.toReversed()) {
    child.kill('SIGTERM');
    await exitOf(child);
  }
  await rm(directory, { recursive: true, force: true });
});

it('a mesh whose services run in processes of their own serves a tenant as one process does', async () => {
  const isReady = () =>
    fetch(`${url}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );
  await expect.poll(isReady, { timeout: 30_000 }).toBe(true);
  const tenant = await createTenant(url);
  // The graph node may need a moment to find the catalog.
  let graphId = '';
  const create = async () => {
    graphId = await createGraph(tenant.rest).catch(() => '');
    return graphId;
  };
  await expect.poll(create, { timeout: 30_000 }).not.toBe('');
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
  await execute(tenant.rest, graphId, 'CREATE (:T {id: 7})');
  expect((await query(tenant.rest, graphId, 'MATCH (t:T) RETURN t.id')).rows).toEqual([[7]]);
  expect((await tenant.rest.get('/v1/limits')).body.plan).toBe('standard');
  expect((await tenant.rest.get('/v1/credits')).body.availableMicros).toBe('10000000000');
});
