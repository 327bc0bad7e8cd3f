import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http';
import {
  createServer as createHttp2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
} from 'node:http2';
import { type AddressInfo, createServer, type Socket } from 'node:net';

export type HttpRequest = IncomingMessage | Http2ServerRequest;
export type HttpResponse = ServerResponse | Http2ServerResponse;
export type HttpHandler = (request: HttpRequest, response: HttpResponse) => void;

/** What an HTTP/2 connection begins with (RFC 9113, section 3.4); no HTTP/1.1 request begins so. */
const http2Preface = Buffer.from('PRI * HTTP/2.0');
const firstBytesTimeoutMs = 10_000;
const headerBytesMax = 16 * 2 ** 10;
/** Node's own 64 KiB would throttle real streams. */
const windowBytes = 2 ** 20;
const streamsPerConnectionMax = 250;
const sessionMemoryMegabytes = 64;

/** A listener for HTTP/1.1 and HTTP/2 without TLS on one port. */
export interface OnePort {
  readonly port: number;
  /** Ends it: no new calls; those under way finish or are cut off after the drain time. */
  close(drainMs: number): Promise<void>;
}

/** Listens on a port; 0 takes a free one. The first bytes of a connection tell its protocol. */
export async function listenOnePort(port: number, host: string, handler: HttpHandler): Promise<OnePort> {
  const sockets = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  const underWay = new CallsUnderWay();
  const onRequest = underWay.counted(handler);
  const http1 = createHttpServer({ maxHeaderSize: headerBytesMax, keepAliveTimeout: 65_000 }, onRequest);
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
  });
  const listener = createServer((socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    readFirstBytes(socket, (isHttp2) => (isHttp2 ? http2 : http1).emit('connection', socket));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject);
    listener.listen(port, host, resolve);
  });
  return {
    port: (listener.address() as AddressInfo).port,
    close: async (drainMs) => {
      const closed = new Promise((resolve) => listener.close(resolve));
      for (const session of sessions) session.close();
      http1.closeIdleConnections();
      await underWay.none(drainMs);
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** Reads until the first bytes tell HTTP/2 from HTTP/1.1, puts them back, and says which it is. */
function readFirstBytes(socket: Socket, decide: (isHttp2: boolean) => void): void {
  let seen = Buffer.alloc(0);
  const giveUp = () => socket.destroy();
  socket.setTimeout(firstBytesTimeoutMs, giveUp);
  socket.on('error', giveUp);
  socket.on('data', function onData(chunk: Buffer) {
    seen = Buffer.concat([seen, chunk]);
    const known = Math.min(seen.length, http2Preface.length);
    const isHttp2 = seen.subarray(0, known).equals(http2Preface.subarray(0, known));
    if (isHttp2 && known < http2Preface.length) return;
    socket.off('data', onData);
    socket.pause();
    socket.setTimeout(0);
    socket.off('timeout', giveUp);
    socket.unshift(seen);
    decide(isHttp2);
    process.nextTick(() => socket.resume());
  });
}

class CallsUnderWay {
  #count = 0;
  #whenNone: (() => void) | undefined;

  counted(handler: HttpHandler): HttpHandler {
    return (request, response) => {
      this.#count++;
      response.once('close', () => {
        this.#count--;
        if (this.#count === 0) this.#whenNone?.();
      });
      handler(request, response);
    };
  }

  none(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) return resolve();
      const timer = setTimeout(resolve, timeoutMs);
      this.#whenNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
