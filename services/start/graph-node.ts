import { readGraphNodeConfig } from '../graph/node/config.ts';
import { createGraphNodeServer } from '../graph/node/server.ts';
import type { Environment } from '../mesh/config/config.ts';
import type { MeshProcess } from '../mesh/process/mesh-process.ts';
import { listenForMesh } from './mesh-port.ts';

/** Runs the daemon of a graph node in this process; the shutdown drains it. */
export async function hostGraphNode(mesh: MeshProcess, env: Environment): Promise<void> {
  let endpoint = '';
  const node = await createGraphNodeServer({
    config: readGraphNodeConfig(env),
    catalog: mesh.channel,
    address: () => endpoint,
    verificationKey: mesh.key.publicKey,
    log: mesh.log,
  });
  endpoint = await listenForMesh(mesh, env, node.services);
  await node.start();
  mesh.shutdown.add('graph node', () => node.close());
  endWithParent(mesh);
}

/** A node that another process started ends when that process does: its IPC channel closes. */
function endWithParent(mesh: MeshProcess): void {
  if (!process.connected) return;
  // The terminal sends Ctrl-C to the whole group; the parent decides when the node drains.
  process.removeAllListeners('SIGINT');
  process.on('SIGINT', () => {});
  process.once('disconnect', async () => {
    process.exit((await mesh.shutdown.run()) ? 0 : 1);
  });
}
