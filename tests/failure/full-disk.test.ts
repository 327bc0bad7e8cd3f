import { mkdir, mkdtemp, rm, statfs, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePids, killIfAlive, type Mesh, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, type RestAnswer, type Tenant } from '../support/rest.ts';
import { canMountVolumes, mountVolume, unmountVolume } from '../support/small-volume.ts';

const hasVolumes = canMountVolumes();
if (!hasVolumes)
  console.warn('SKIPPED: a full disk. It takes a small volume of its own, which is not to be had.');

const volumeMiB = 160;

describe.runIf(hasVolumes)('a full disk', () => {
  let mesh: Mesh;
  let tenant: Tenant;
  let graphs: string;
  const ballast = () => join(graphs, 'ballast');

  beforeAll(async () => {
    const dataDirectory = await mkdtemp(join(tmpdir(), 'trellis-disk-'));
    graphs = join(dataDirectory, 'graphs');
    await mkdir(graphs);
    mountVolume(graphs, volumeMiB);
    mesh = await startMesh({ dataDirectory });
    tenant = await createTenant(mesh.url);
  });
  afterAll(async () => {
    await mesh.stop();
    unmountVolume(graphs);
    await rm(mesh.dataDirectory, { recursive: true, force: true });
  });

  /** Leaves so many bytes on the volume. */
  const leave = async (bytes: number) => {
    await truncate(ballast(), 0).catch(() => {});
    const { bavail, bsize } = await statfs(graphs);
    await writeFile(ballast(), Buffer.alloc(Math.max(0, bavail * bsize - bytes)));
  };
  const free = () => rm(ballast(), { force: true });

  const newGraph = async () => {
    const graphId = await createGraph(tenant.rest);
    await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, s STRING)');
    return graphId;
  };
  const write = (graphId: string, id: number, characters: number): Promise<RestAnswer> =>
    tenant.rest.post(`/v1/graphs/${graphId}/execute`, {
      statement: `CREATE (:T {id: $id, s: repeat('x', ${characters})})`,
      parameters: { id },
    });
  /** Asks until the node has seen how full its disk is, or that there is room again. */
  const untilReason = (ask: () => Promise<RestAnswer>, reason: string | undefined) =>
    expect.poll(async () => (await ask()).body.error?.reason, { timeout: 30_000 }).toBe(reason);

  it('refuses writes before it hurts; reads and deletes go on, and so does the neighbour', async () => {
    const [graphId, neighbour] = [await newGraph(), await newGraph()];
    await execute(tenant.rest, graphId, "UNWIND range(1, 100) AS i CREATE (:T {id: i, s: 'kept'})");
    await execute(tenant.rest, neighbour, "CREATE (:T {id: 1, s: 'kept'})");
    await leave(32 * 2 ** 20);
    let id = 1_000;
    await untilReason(() => write(graphId, id++, 10), 'STORAGE_FULL');
    expect((await write(graphId, id++, 10)).status).toBe(429);
    const file = '1,a\n2,b\n';
    const upload = await tenant.rest.send('POST', `/v1/graphs/${graphId}/tables/T/import`, file, 'text/csv');
    expect(upload.body.error.reason).toBe('STORAGE_FULL');
    expect(await query(tenant.rest, neighbour, 'MATCH (t:T) RETURN count(t)')).toMatchObject({ rows: [[1]] });
    await execute(tenant.rest, graphId, 'MATCH (t:T) WHERE t.id <= 50 DELETE t');
    const counted = await query(tenant.rest, graphId, 'MATCH (t:T) WHERE t.id <= 100 RETURN count(t)');
    expect(counted).toMatchObject({ rows: [[50]] });
    await free();
    await untilReason(() => write(graphId, id++, 10), undefined);
  });

  it('that takes only a part of a write loses nothing that was acknowledged, before or after', async () => {
    const graphId = await newGraph();
    await execute(tenant.rest, graphId, "UNWIND range(1, 100) AS i CREATE (:T {id: i, s: 'kept'})");
    const acknowledged = new Set(Array.from({ length: 100 }, (_, index) => index + 1));
    // The last look at the volume found room; the write itself finds none.
    expect((await write(graphId, 1_000, 10)).status).toBe(200);
    acknowledged.add(1_000);
    await leave(2 ** 20);
    const refused: string[] = [];
    for (let id = 2_000; refused.length < 20; id++) {
      const { status, body } = await write(graphId, id, 100_000);
      if (status === 200) acknowledged.add(id);
      else refused.push(body.error.reason);
    }
    for (const reason of refused)
      expect(['STORAGE_FULL', 'UNAVAILABLE', 'OUTCOME_UNKNOWN']).toContain(reason);
    expect(refused).toContain('STORAGE_FULL');
    await free();
    let id = 5_000;
    await untilReason(async () => {
      const answer = await write(graphId, id, 10);
      if (answer.status === 200) acknowledged.add(id);
      id += 1;
      return answer;
    }, undefined);
    const found = await query(tenant.rest, graphId, 'MATCH (t:T) RETURN t.id');
    const ids = new Set(found.rows.map(([each]: [number]) => each));
    expect([...acknowledged].filter((each) => !ids.has(each))).toEqual([]);
  });

  it('that a graph filled by itself leaves it so that it opens again', async () => {
    const graphId = await newGraph();
    const reasons = new Set<string>();
    let count = 0;
    for (let id = 1; id <= 400 && !reasons.has('STORAGE_FULL'); id++) {
      const { status, body } = await tenant.rest.post(`/v1/graphs/${graphId}/execute`, {
        // The engine keeps equal texts once.
        statement: `CREATE (:T {id: $id, s: repeat('${id} filled by itself ', 40000)})`,
        parameters: { id },
      });
      if (status === 200) count += 1;
      else reasons.add(body.error.reason);
    }
    expect([...reasons]).toEqual(['STORAGE_FULL']);
    enginePids(mesh, graphId).forEach(killIfAlive);
    const answer = await query(tenant.rest, graphId, 'MATCH (t:T) RETURN count(t)');
    expect(answer).toMatchObject({ rows: [[count]] });
  });
});
