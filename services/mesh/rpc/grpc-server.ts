import { type AddressInfo, createServer } from 'node:net';
import type { Verifier } from '../identity/assertion.ts';
import type { Logger } from '../log/logger.ts';
import { DeadlineWatch } from './deadline-watch.ts';
import { createDispatcher } from './dispatcher.ts';
import type { CallServer } from './grpc-call.ts';
import { GrpcConnection } from './grpc-connection.ts';
import type { BoundService } from './service.ts';

export interface GrpcServerOptions {
  readonly services: readonly BoundService[];
  readonly verifier: Verifier;
  /** host:port; port 0 takes a free one. */
  readonly address: string;
  readonly log: Logger;
  /** How long close() waits for calls under way. */
  readonly drainMs?: number;
}

/** A server on the network. */
export interface GrpcServer {
  /** host:port that it listens on. */
  readonly endpoint: string;
  /** Ends it: no new calls, those under way finish or are cut off after the drain time. */
  close(): Promise<void>;
}

/** After this silence the system asks whether the peer of a connection is still there. */
const keepAliveProbeMs = 60_000;

/** Serves bound services to other services of the mesh: gRPC over HTTP/2 without TLS. */
export async function serveGrpc(options: GrpcServerOptions): Promise<GrpcServer> {
  const { services, verifier, address, log, drainMs = 5_000 } = options;
  const dispatcher = createDispatcher(services, log);
  const server: CallServer = { dispatcher, verifier, log, deadlines: new DeadlineWatch() };
  const connections = new Set<GrpcConnection>();
  const listener = createServer(
    { noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs },
    (socket) => {
      const connection = new GrpcConnection(socket, server);
      connections.add(connection);
      socket.once('close', () => connections.delete(connection));
    },
  );
  const { hostname, port } = new URL(`http://${address}`);
  const host = hostname.replace(/^\[|\]$/g, '');
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(Number(port || 80), host, resolve);
  });
  listener.on('error', (err) => log.error({ err }, 'the port of the mesh has a problem'));
  return {
    endpoint: `${hostname}:${(listener.address() as AddressInfo).port}`,
    close: async () => {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const connection of connections) connection.drain();
      const timer = setTimeout(() => {
        for (const connection of connections) connection.cut();
      }, drainMs);
      await closed;
      clearTimeout(timer);
    },
  };
}
