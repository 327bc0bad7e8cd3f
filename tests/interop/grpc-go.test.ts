import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { buildGoClient, type GoClient, goTools } from './go-client.ts';
import { runClient } from './program.ts';
import { createAssignment, outcomeWithCompression } from './scenario.ts';
import { describeWith } from './tool.ts';
import { expectCancelled, startTalkativeMesh } from './upstream.ts';

describeWith(goTools, 'grpc-go', () => {
  let mesh: Mesh;
  let client: GoClient;

  beforeAll(async () => {
    [mesh, client] = await Promise.all([startTalkativeMesh(), buildGoClient('grpc')]);
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
    await client.remove();
  });

  it('goes from registration to query, streams, cancels, and reads the reason of a refusal', async () => {
    const assignment = createAssignment(mesh.url);
    expect(await runClient(client.path, [], assignment)).toEqual(outcomeWithCompression);
    await expectCancelled(mesh, assignment.cancelId);
  });
});
