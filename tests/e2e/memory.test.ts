import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { enginePids, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraphPatiently, createTenant, type Tenant } from '../support/rest.ts';

const ownFile = new URL('../../services/mesh/plan/tiers.json', import.meta.url);

/** Takes some 600 MiB; a graph on a laptop may have 512 MiB and 1 GiB. */
const large = 'RETURN size(range(1, 2000000))';
const tooLarge = 'RETURN size(range(1, 200000000))';

let directory: string;
let mesh: Mesh;
let tenant: Tenant;
let graphId: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-memory-'));
  const file = join(directory, 'tiers.json');
  const content = JSON.parse(await readFile(ownFile, 'utf8'));
  // A busy machine takes long over one after the other.
  content.tiers.standard.queryTimeoutSeconds = 120;
  await writeFile(file, JSON.stringify(content));
  mesh = await startMesh({ env: { TRELLIS_TIERS_FILE: file } });
  tenant = await createTenant(mesh.url);
  graphId = await createGraphPatiently(tenant.rest);
});
afterAll(async () => {
  await mesh.stop();
  await removeMeshData(mesh);
  await rm(directory, { recursive: true, force: true });
});

const ask = (statement: string) => tenant.rest.post(`/v1/graphs/${graphId}/query`, { statement });

describe('a graph whose statements take more memory than it has', () => {
  it('answers all of them, one after the other, where each has room by itself', async () => {
    const before = enginePids(mesh, graphId);
    const answers = await Promise.all(Array.from({ length: 8 }, () => ask(large)));
    expect(answers.map(({ status, body }) => [status, body.rows])).toEqual(
      answers.map(() => [200, [[2_000_000]]]),
    );
    // It was more than fits at once.
    expect(enginePids(mesh, graphId)).not.toEqual(before);
  });

  it('tells one that never has room, and goes on', async () => {
    const answer = await ask(tooLarge);
    expect(answer.body.error).toMatchObject({ code: 429, reason: 'OUT_OF_MEMORY' });
    expect((await ask('RETURN 1')).body.rows).toEqual([[1]]);
  });
});
