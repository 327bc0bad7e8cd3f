import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { runClient, runOk } from './program.ts';
import { createAssignment, outcomeWithCompression } from './scenario.ts';
import { describeWith, pathOf, tools } from './tool.ts';
import { expectCancelled, startTalkativeMesh } from './upstream.ts';

const protoRoot = fileURLToPath(new URL('../../proto', import.meta.url));
const journey = fileURLToPath(new URL('python/journey.py', import.meta.url));

describeWith([tools.python], 'Python with grpcio', () => {
  let mesh: Mesh;
  let stubs: string;

  beforeAll(async () => {
    stubs = await mkdtemp(join(tmpdir(), 'trellis-interop-python-'));
    [mesh] = await Promise.all([startTalkativeMesh(), generate(stubs)]);
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
    await rm(stubs, { recursive: true });
  });

  it('goes from registration to query, streams, cancels, and reads the reason of a refusal', async () => {
    const assignment = createAssignment(mesh.url);
    const result = await runClient(pathOf(tools.python), [journey], assignment, {
      env: { PYTHONPATH: stubs },
    });
    expect(result).toEqual(outcomeWithCompression);
    await expectCancelled(mesh, assignment.cancelId);
  });
});

/** Stubs from the .proto files alone; those of google/ come with grpcio. */
async function generate(directory: string): Promise<void> {
  const files = await readdir(protoRoot, { recursive: true });
  const ours = files.filter((file) => /^(trellis|buf)\/.*\.proto$/.test(file));
  const args = ['-m', 'grpc_tools.protoc', '-I', protoRoot, `--python_out=${directory}`];
  await runOk(pathOf(tools.python), [...args, `--grpc_python_out=${directory}`, ...ours]);
}
