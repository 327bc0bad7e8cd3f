import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePids, killIfAlive, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute, query, RestClient, type Tenant } from '../support/rest.ts';

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

/** Writes numbers one after the other until told to stop; remembers which were acknowledged. */
class Writer {
  readonly acknowledged: number[] = [];
  readonly refused: string[] = [];
  #isStopped = false;
  readonly #done: Promise<void>;

  constructor(rest: RestClient, graphId: string) {
    this.#done = this.#run(rest, graphId);
  }

  stop(): Promise<void> {
    this.#isStopped = true;
    return this.#done;
  }

  async #run(rest: RestClient, graphId: string): Promise<void> {
    for (let id = 0; !this.#isStopped; id++) {
      const body = { statement: 'CREATE (:T {id: $id})', parameters: { id } };
      const answer = await rest.post(`/v1/graphs/${graphId}/execute`, body).catch(() => undefined);
      if (answer?.status === 200) {
        this.acknowledged.push(id);
      } else {
        this.refused.push(answer?.body.error?.reason ?? 'NO_ANSWER');
        if (!answer) return;
      }
    }
  }
}

const idsOf = async (rest: RestClient, graphId: string): Promise<Set<number>> => {
  const answer = await rest.post(`/v1/graphs/${graphId}/query/stream`, {
    statement: 'MATCH (t:T) RETURN t.id',
  });
  const lines: { rows?: [number][] }[] = answer.body
    .trimEnd()
    .split('\n')
    .map((line: string) => JSON.parse(line));
  return new Set(lines.flatMap(({ rows = [] }) => rows.map(([id]) => id)));
};

const newGraph = async () => {
  const graphId = await createGraph(tenant.rest);
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
  return graphId;
};

describe('kill -9', () => {
  it('of an engine process loses no acknowledged write, touches no other graph, and the graph comes back', async () => {
    const before = new Set(enginePids(mesh));
    const victim = await newGraph();
    const victimPids = enginePids(mesh).filter((pid) => !before.has(pid));
    expect(victimPids).toHaveLength(1);
    const neighbour = await newGraph();
    const neighbourWriter = new Writer(tenant.rest, neighbour);
    const writer = new Writer(tenant.rest, victim);

    for (let round = 0; round < 3; round++) {
      const others = new Set(enginePids(mesh).filter((pid) => !victimPids.includes(pid)));
      const count = writer.acknowledged.length;
      await expect.poll(() => writer.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(count + 20);
      for (const pid of victimPids) killIfAlive(pid);
      const lostAt = writer.acknowledged.length;
      await expect
        .poll(() => writer.acknowledged.length, { timeout: 20_000, interval: 5 })
        .toBeGreaterThan(lostAt + 1);
      const now = enginePids(mesh).filter((pid) => !others.has(pid));
      victimPids.splice(0, victimPids.length, ...now.filter((pid) => !before.has(pid)));
    }
    await writer.stop();
    await neighbourWriter.stop();

    expect(neighbourWriter.refused).toEqual([]);
    expect(neighbourWriter.acknowledged.length).toBeGreaterThan(60);
    for (const reason of writer.refused) expect(['OUTCOME_UNKNOWN', 'UNAVAILABLE']).toContain(reason);
    const found = await idsOf(tenant.rest, victim);
    expect(writer.acknowledged.filter((id) => !found.has(id))).toEqual([]);
    expect(found.size).toBeLessThanOrEqual(writer.acknowledged.length + writer.refused.length);
  });

  it('of an engine process makes no read fail', async () => {
    const before = new Set(enginePids(mesh));
    const graphId = await newGraph();
    await execute(tenant.rest, graphId, 'CREATE (:T {id: 1})');
    const pids = enginePids(mesh).filter((pid) => !before.has(pid));
    const reads: Promise<unknown>[] = [];
    for (let i = 0; i < 40; i++) {
      reads.push(query(tenant.rest, graphId, 'MATCH (t:T) RETURN count(*)'));
      if (i === 20) for (const pid of pids) killIfAlive(pid);
    }
    for (const answer of await Promise.all(reads)) expect(answer).toMatchObject({ rows: [[1]] });
  });

  it('of the whole mesh loses no acknowledged write', async () => {
    const first = await startMesh();
    const owner = await createTenant(first.url);
    const graphId = await createGraph(owner.rest);
    await execute(owner.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
    const writer = new Writer(owner.rest, graphId);
    await expect.poll(() => writer.acknowledged.length, { timeout: 20_000 }).toBeGreaterThan(50);
    await first.kill();
    await writer.stop();

    const second = await startMesh({ dataDirectory: first.dataDirectory });
    const rest = new RestClient(second.url, owner.apiKey);
    const found = await idsOf(rest, graphId);
    expect(writer.acknowledged.filter((id) => !found.has(id))).toEqual([]);
    const account = { email: owner.email, password: owner.password };
    expect((await rest.post('/v1/auth/login', account)).status).toBe(200);
    await second.stop();
    await removeMeshData(second);
  });
});
