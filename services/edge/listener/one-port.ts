import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CallsUnderWay } from './calls-under-way.ts';
import { readFirstBytes } from './first-bytes.ts';
import { Http1Connection } from './http1-connection.ts';
import { Http2Connection } from './http2-connection.ts';
import { defaultLimits, headerBytesMax, type ListenerLimits, sweepMsOf } from './limits.ts';
import type { ListenerContext, ListenerCounts, RequestHandler } from './listener-context.ts';
import { OpenConnections } from './open-connections.ts';
import { createTlsTermination, refusePlain, type TlsFiles } from './tls-termination.ts';

export interface OnePortOptions {
  /** 0 takes a free one. */
  readonly port: number;
  readonly host: string;
  readonly handler: RequestHandler;
  /** Hears of handlers that throw, and of certificates that are no good. */
  readonly onError?: (error: unknown) => void;
  /** With them there is nothing but TLS on this port: HTTP/2 where ALPN says `h2`, otherwise HTTP/1.1. */
  readonly tls?: TlsFiles | undefined;
  readonly limits?: Partial<ListenerLimits>;
}

/** A listener for HTTP/1.1 and HTTP/2 on one port. */
export interface OnePort {
  readonly port: number;
  readonly counts: Readonly<ListenerCounts>;
  /** Ends it: no new calls; those under way finish or are cut off after the drain time. */
  close(drainMs: number): Promise<void>;
}

/** As long as the longest call: an upload may take all of it. */
const requestTimeoutMs = 600_000;
/** After this silence the system asks whether the peer of a connection is still there. */
const keepAliveProbeMs = 60_000;
/** How long the last bytes of answers may take to leave. */
const flushMs = 500;

/** Listens on a port. The first bytes of a connection tell its protocol. */
export async function listenOnePort(options: OnePortOptions): Promise<OnePort> {
  const { port, host, handler, onError = () => {}, tls } = options;
  const limits: ListenerLimits = { ...defaultLimits, ...options.limits };
  const counts: ListenerCounts = {
    connectionsRefused: 0,
    handshakesFailed: 0,
    headersRefused: 0,
    bodiesCutOff: 0,
    floodsEnded: 0,
  };
  const callsUnderWay = new CallsUnderWay();
  const context: ListenerContext = { handler, limits, callsUnderWay, counts, onError };
  const connections = new OpenConnections(limits.connectionsPerAddressMax);
  const http1 = createHttp1Server(limits);
  const open = (socket: Socket, isHttp2: boolean) => {
    const endsAtMs = performance.now() + limits.maxConnectionMs * (0.9 + Math.random() / 5);
    // A client of HTTP/1.1 may say all it has to say and still wait for the answer.
    socket.allowHalfOpen = !isHttp2;
    if (isHttp2) connections.open(new Http2Connection(socket, endsAtMs, context));
    else connections.open(http1.open(socket, endsAtMs, context));
  };
  const { firstBytesMs: handshakeMs, certificateCheckMs: checkMs } = limits;
  const termination =
    tls && (await createTlsTermination({ files: tls, handshakeMs, checkMs, onError, counts, open }));
  const listener = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs },
    (socket) => {
      if (!connections.admit(socket)) {
        counts.connectionsRefused++;
        socket.destroy();
        return;
      }
      readFirstBytes(socket, limits.firstBytesMs, (opening) => {
        if (termination && opening === 'tls') {
          connections.leaveToTls(socket);
          termination.accept(socket);
          return;
        }
        if (termination) refusePlain(socket, opening);
        else open(socket, opening === 'http2');
        process.nextTick(() => socket.resume());
      });
    },
  );
  listener.maxConnections = limits.connectionsMax;
  listener.on('drop', () => counts.connectionsRefused++);
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, resolve);
  }).catch((error: unknown) => {
    termination?.close();
    http1.close();
    throw error;
  });
  listener.on('error', onError);
  const sweep = setInterval(() => connections.sweep(performance.now()), sweepMsOf(limits));
  sweep.unref();
  return {
    port: (listener.address() as AddressInfo).port,
    counts,
    close: async (drainMs) => {
      const closed = new Promise((resolve) => listener.close(resolve));
      http1.close();
      connections.goAway();
      await callsUnderWay.none(drainMs);
      connections.end(flushMs);
      await closed;
      termination?.close();
      clearInterval(sweep);
    },
  };
}

/** Node's parser of HTTP/1.1, which watches over the times that connections and heads take. It never listens itself. */
function createHttp1Server({ headMs, idleMs }: ListenerLimits) {
  const connections = new WeakMap<Socket, Http1Connection>();
  const serve = (request: IncomingMessage, response: ServerResponse) =>
    connections.get(request.socket)?.serve(request, response);
  const server = createHttpServer(
    {
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: idleMs,
      headersTimeout: headMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, headMs),
    },
    serve,
  );
  // The client is told to go on when its body is wanted.
  server.on('checkContinue', serve);
  // Otherwise it would not begin to watch.
  server.emit('listening');
  return {
    open: (socket: Socket, endsAtMs: number, context: ListenerContext) => {
      const connection = new Http1Connection(socket, endsAtMs, context);
      connections.set(socket, connection);
      server.emit('connection', socket);
      return connection;
    },
    close: () => void server.close(),
  };
}
