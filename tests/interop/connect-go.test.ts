import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Mesh, removeMeshData } from '../support/mesh.ts';
import { buildGoClient, type GoClient, goTools } from './go-client.ts';
import { runClient } from './program.ts';
import { createAssignment, outcomeWithCompression } from './scenario.ts';
import { describeWith } from './tool.ts';
import { expectCancelled, startTalkativeMesh } from './upstream.ts';

describeWith(goTools, 'connect-go', () => {
  let mesh: Mesh;
  let client: GoClient;

  beforeAll(async () => {
    [mesh, client] = await Promise.all([startTalkativeMesh(), buildGoClient('connect')]);
  });
  afterAll(async () => {
    await mesh.stop();
    await removeMeshData(mesh);
    await client.remove();
  });

  it.each([
    ['connect', 'binary'],
    ['connect', 'json'],
    ['grpc', 'binary'],
    ['grpc', 'json'],
    ['grpc-web', 'binary'],
    ['grpc-web', 'json'],
  ])(
    'over %s with %s messages goes from registration to query, streams, cancels, and reads the reason of a refusal',
    async (protocol, codec) => {
      const assignment = createAssignment(mesh.url);
      expect(await runClient(client.path, [protocol, codec], assignment)).toEqual(outcomeWithCompression);
      await expectCancelled(mesh, assignment.cancelId);
    },
  );
});
