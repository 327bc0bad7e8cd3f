import { createVerifier } from '../mesh/identity/assertion.ts';
import type { MeshProcess } from '../mesh/process/mesh-process.ts';
import { serveGrpc } from '../mesh/rpc/grpc-server.ts';
import type { BoundService } from '../mesh/rpc/service.ts';

/** Opens the port by which other processes of the mesh call this one; resolves with its host:port. */
export async function listenForMesh(
  mesh: MeshProcess,
  address: string,
  services: readonly BoundService[],
): Promise<string> {
  const server = await serveGrpc({
    services,
    verifier: await createVerifier(mesh.key.publicKey),
    address,
    log: mesh.log,
  });
  mesh.shutdown.add('mesh port', () => server.close());
  mesh.log.info({ endpoint: server.endpoint }, 'serving the mesh');
  return server.endpoint;
}
