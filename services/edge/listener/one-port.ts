import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { CallsUnderWay } from './calls-under-way.ts';
import { readFirstBytes } from './first-bytes.ts';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

const headerBytesMax = 16 * 2 ** 10;
/** Node's own 64 KiB would throttle real streams. */
const windowBytes = 2 ** 20;
const streamsPerConnectionMax = 250;
const sessionMemoryMegabytes = 64;
/** As long as the longest call: an upload may take all of it. */
const requestTimeoutMs = 600_000;
/** After this silence the system asks whether the peer of a connection is still there. */
const keepAliveProbeMs = 60_000;

/** What one client may hold without a complete request. */
export interface OnePortLimits {
  /** How long the first bytes of a connection may take. */
  readonly firstBytesMs?: number;
  /** How long the head of an HTTP/1.1 request may take. */
  readonly headMs?: number;
  /** How many connections may be open; further ones are closed at once. */
  readonly connectionsMax?: number;
}

/** A listener for HTTP/1.1 and HTTP/2 without TLS on one port. */
export interface OnePort {
  readonly port: number;
  /** Ends it: no new calls; those under way finish or are cut off after the drain time. */
  close(drainMs: number): Promise<void>;
}

/**
 * Listens on a port; 0 takes a free one. The first bytes of a connection tell its protocol. A handler that throws
 * fails its own request only; `onError` hears of it.
 */
export async function listenOnePort(
  port: number,
  host: string,
  handler: HttpHandler,
  onError: (error: unknown) => void = () => {},
  { firstBytesMs = 10_000, headMs = 10_000, connectionsMax = 20_000 }: OnePortLimits = {},
): Promise<OnePort> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const underWay = new CallsUnderWay();
  let isDraining = false;
  const onRequest: HttpHandler = (request, response) => {
    underWay.count(response);
    // A client of HTTP/1.1 that keeps its connection would send more calls; HTTP/2 has been told by GOAWAY.
    if (isDraining && 'shouldKeepAlive' in response) response.shouldKeepAlive = false;
    try {
      handler(request, response);
    } catch (error) {
      onError(error);
      fail(response);
    }
  };
  const http1 = createHttpServer(
    {
      maxHeaderSize: headerBytesMax,
      keepAliveTimeout: 65_000,
      headersTimeout: headMs,
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(5_000, headMs),
    },
    onRequest,
  );
  // It never listens itself, and would not begin to watch over the times that requests take.
  http1.emit('listening');
  const http2 = createHttp2Server(
    {
      maxSessionMemory: sessionMemoryMegabytes,
      settings: {
        initialWindowSize: windowBytes,
        maxConcurrentStreams: streamsPerConnectionMax,
        maxHeaderListSize: headerBytesMax,
      },
    },
    onRequest,
  );
  http2.on('session', (session) => {
    sessions.add(session);
    session.setLocalWindowSize(16 * windowBytes);
    session.once('close', () => sessions.delete(session));
    if (isDraining) session.close();
  });
  const listener = createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs },
    (socket) => {
      sockets.add(socket);
      socket.once('close', () => sockets.delete(socket));
      readFirstBytes(socket, firstBytesMs, (isHttp2) => {
        // A client of HTTP/1.1 may say all it has to say and still wait for the answer.
        socket.allowHalfOpen = !isHttp2;
        (isHttp2 ? http2 : http1).emit('connection', socket);
      });
    },
  );
  listener.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, resolve);
  });
  listener.on('error', onError);
  return {
    port: (listener.address() as AddressInfo).port,
    close: async (drainMs) => {
      isDraining = true;
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const session of sessions) session.close();
      http1.close();
      await underWay.none(drainMs);
      for (const socket of sockets) socket.destroySoon();
      const cutOff = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, flushMs);
      await closed;
      clearTimeout(cutOff);
    },
  };
}

/** How long the last bytes of answers may take to leave. */
const flushMs = 500;

function fail(response: HttpResponse): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  response.statusCode = 500;
  response.end();
}
