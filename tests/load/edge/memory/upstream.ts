import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { UpstreamCall } from './upstream-call.ts';
import { ScriptedConnection } from './upstream-connection.ts';

/** The service behind the edge, in the process that watches it. */
export interface Upstream {
  readonly port: number;
  /** The calls under way. */
  calls(): UpstreamCall[];
  /** How many connections the edge has open. */
  connectionCount(): number;
  /** Resolves when no call is under way. */
  whenNone(): Promise<void>;
  /** A round trip to the edge over every connection. */
  ping(): Promise<void>;
  /** Reads the uploads under way that it has not read so far. */
  release(): void;
  close(): void;
}

/** Starts a service that does what each call's script says. */
export async function startUpstream(): Promise<Upstream> {
  const connections = new Map<object, ScriptedConnection>();
  const waiting: (() => void)[] = [];
  const calls = () => [...connections.values()].flatMap((connection) => [...connection.calls.values()]);
  const tellNone = () => {
    if (calls().length > 0) return;
    for (const resolve of waiting.splice(0)) resolve();
  };
  const server = createServer({ noDelay: true }, (socket) => {
    connections.set(socket, new ScriptedConnection(socket, tellNone));
    socket.once('close', () => connections.delete(socket));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    calls,
    connectionCount: () => connections.size,
    whenNone: () =>
      new Promise((resolve) => {
        waiting.push(resolve);
        tellNone();
      }),
    ping: async () => {
      await Promise.all([...connections.values()].map((connection) => connection.ping()));
    },
    release: () => {
      for (const connection of connections.values()) connection.release();
    },
    close: () => server.close(),
  };
}
