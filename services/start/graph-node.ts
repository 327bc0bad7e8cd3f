import { createGraphNodeServer } from '../graph/node/server.ts';
import type { MeshProcess } from '../mesh/process/mesh-process.ts';
import { listenForMesh } from './mesh-port.ts';
import type { Settings } from './settings.ts';

/** Runs the daemon of a graph node in this process; the shutdown drains it. */
export async function hostGraphNode(mesh: MeshProcess, settings: Settings): Promise<void> {
  let endpoint = '';
  const node = await createGraphNodeServer({
    config: settings.graphNode,
    catalog: mesh.channel,
    address: () => endpoint,
    verificationKey: mesh.key.publicKey,
    log: mesh.log,
  });
  endpoint = await listenForMesh(mesh, settings.meshListen, node.services);
  await node.start();
  mesh.shutdown.add('graph node', () => node.close());
}
