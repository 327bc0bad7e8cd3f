import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { enginePids, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type Tenant } from '../support/rest.ts';

/** What the daemon can do here: root and util-linux are there, or they are not. */
const canBeWhole =
  process.getuid?.() === 0 && existsSync('/usr/bin/setpriv') && existsSync('/usr/bin/prlimit');

let mesh: Mesh;
let tenant: Tenant;

beforeAll(async () => {
  mesh = await startMesh({ env: { TRELLIS_GRAPH_NODE_CONFINEMENT: canBeWhole ? 'required' : 'best' } });
  tenant = await createTenant(mesh.url);
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
});

it('in CI every layer is there to be tested', () => {
  if (canBeWhole) return;
  console.warn('NOT TESTED: the users of engine processes. Run as root on Linux with util-linux.');
  expect(process.env.CI).toBeUndefined();
});

it.runIf(canBeWhole)(
  'two graphs are served by two users without privileges, who are killed before we are',
  async () => {
    const graphIds = [await createGraph(tenant.rest), await createGraph(tenant.rest)];
    for (const graphId of graphIds) {
      await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
      await execute(tenant.rest, graphId, 'CREATE (:T {id: 1})');
      expect(await query(tenant.rest, graphId, 'MATCH (t:T) RETURN t.id')).toMatchObject({ rows: [[1]] });
    }
    const pids = enginePids(mesh);
    expect(pids).toHaveLength(2);
    const users = new Set<string>();
    for (const pid of pids) {
      const status = await readFile(`/proc/${pid}/status`, 'utf8');
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      users.add(/^Uid:\t(\d+)/m.exec(status)?.[1] ?? '');
      const environment = (await readFile(`/proc/${pid}/environ`, 'utf8'))
        .split('\0')
        .map((line) => line.split('=')[0]);
      expect(environment.filter((name) => name?.startsWith('TRELLIS'))).toEqual([]);
      expect(Number(await readFile(`/proc/${pid}/oom_score_adj`, 'utf8'))).toBe(500);
    }
    expect(users.size).toBe(2);
    expect(users).not.toContain('0');
  },
);

it('imports, which write files of their own, work as confined as that', async () => {
  const graphId = await createGraph(tenant.rest);
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)');
  const answer = await tenant.rest.send(
    'POST',
    `/v1/graphs/${graphId}/tables/T/import`,
    new TextEncoder().encode('1,one\n2,two\n'),
    'text/csv',
  );
  expect(answer).toMatchObject({ status: 200, body: { rowCount: expect.anything() } });
  expect(await query(tenant.rest, graphId, 'MATCH (t:T) RETURN count(*)')).toMatchObject({ rows: [[2]] });
});
