import type { IncomingHttpHeaders } from 'node:http';
import {
  constants,
  Http2ServerRequest,
  Http2ServerResponse,
  performServerHandshake,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import type { Socket } from 'node:net';
import { isHeldBack } from './body-progress.ts';
import type { Fields } from './exchange.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { headerBytesMax, headerBytesOf, type ListenerLimits } from './limits.ts';
import { type ListenerContext, offerRpc, serveHttp } from './listener-context.ts';
import type { Connection } from './open-connections.ts';
import { RateGuard } from './rate-guard.ts';

/** Node's own 64 KiB would throttle real streams. */
const streamWindowBytes = 2 ** 20;
/** All streams of a connection together. */
const sessionWindowBytes = 16 * streamWindowBytes;
const sessionMemoryMegabytes = 64;
const streamIdMax = 2 ** 31 - 1;
/** How long a client may take to see that its connection goes away. */
const goAwayMs = 1_000;

/** Where a stream keeps its connection: the function that listens to streams is the same for all of them. */
const connectionKey = Symbol('connection');
type Stream = ServerHttp2Stream & { [connectionKey]?: Http2Connection };

/** A client's HTTP/2 connection: hands its streams to the handler, and keeps to the limits. */
export class Http2Connection implements Connection {
  readonly socket: Socket;
  readonly #session: ServerHttp2Session;
  readonly #clientAddress: string;
  readonly #endsAtMs: number;
  readonly #context: ListenerContext;
  readonly #exchanges = new Map<ServerHttp2Stream, Http2Exchange>();
  readonly #bodiesWatched = new WeakSet<ServerHttp2Stream>();
  readonly #resets: RateGuard;
  #wasActive = true;
  #isLingering = false;
  #idleSinceMs = 0;
  #goAway: Promise<void> | undefined;

  constructor(socket: Socket, endsAtMs: number, context: ListenerContext) {
    this.socket = socket;
    this.#clientAddress = socket.remoteAddress ?? '';
    this.#endsAtMs = endsAtMs;
    this.#context = context;
    this.#resets = new RateGuard(context.limits.resetsPerSecondMax);
    const session = performServerHandshake(socket, toSessionOptions(context.limits));
    this.#session = session;
    session.setLocalWindowSize(sessionWindowBytes);
    // Each stream hears of it by itself.
    session.on('error', ignore);
    session.on('stream', (stream, headers, _flags, rawHeaders) => this.#serve(stream, headers, rawHeaders));
  }

  /** Looks who is idle or slow. To be called every now and then. */
  sweep(nowMs: number): void {
    if (this.#session.destroyed) {
      // Node waits for as long as the client does not close its side.
      if (this.#isLingering) this.socket.destroy();
      this.#isLingering = true;
      return;
    }
    if (this.#wasActive || this.#exchanges.size > 0) {
      this.#wasActive = false;
      this.#idleSinceMs = nowMs;
    }
    if (nowMs >= this.#endsAtMs || nowMs - this.#idleSinceMs >= this.#context.limits.idleMs) this.goAway();
    for (const stream of this.#exchanges.keys()) this.#watchBody(stream);
  }

  /**
   * Lets calls under way end and takes no new ones. First it only says so, and takes what the client sent before it
   * knew (RFC 9113, section 6.8): a client cannot repeat every call. Resolves when the client knows.
   */
  goAway(): Promise<void> {
    this.#goAway ??= new Promise((resolve) => {
      const session = this.#session;
      if (session.closed || session.destroyed) return resolve();
      const close = () => {
        clearTimeout(timer);
        if (!session.destroyed) session.close();
        resolve();
      };
      const timer = setTimeout(close, goAwayMs);
      session.goaway(constants.NGHTTP2_NO_ERROR, streamIdMax);
      if (!session.ping(close)) close();
    });
    return this.#goAway;
  }

  #serve(stream: Stream, headers: IncomingHttpHeaders, rawHeaders: Fields): void {
    const context = this.#context;
    stream.on('error', ignore);
    this.#wasActive = true;
    if (stream.closed) {
      this.#countReset();
      return;
    }
    const exchange = new Http2Exchange(stream, headers, rawHeaders, this.#clientAddress);
    stream[connectionKey] = this;
    stream.on('close', onStreamClose);
    this.#exchanges.set(stream, exchange);
    context.callsUnderWay.begin();
    if (headerBytesOf(rawHeaders) > headerBytesMax) {
      context.counts.headersRefused++;
      refuseHeaders(exchange);
    } else if (!offerRpc(exchange, context)) this.#serveHttp(stream, headers, rawHeaders);
  }

  // As node:http2 does where a server has 'request' listeners.
  #serveHttp(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: Fields): void {
    const request = new Http2ServerRequest(stream, headers, {}, rawHeaders);
    const response = new Http2ServerResponse(stream);
    const { expect } = headers;
    if (headers[':method'] === 'CONNECT') response.writeHead(405).end();
    else if (expect !== undefined && expect !== '100-continue') response.writeHead(417).end();
    else {
      if (expect !== undefined) response.writeContinue();
      serveHttp(request, response, this.#context);
    }
  }

  hearClose(stream: ServerHttp2Stream): void {
    this.#context.callsUnderWay.end();
    const exchange = this.#exchanges.get(stream);
    this.#exchanges.delete(stream);
    if (stream.aborted && exchange && !exchange.isReset) this.#countReset();
  }

  // Opening streams and resetting them at once costs a client next to nothing, and us a call each (CVE-2023-44487).
  #countReset(): void {
    const session = this.#session;
    if (session.destroyed || !this.#resets.isTooMuch()) return;
    this.#context.counts.floodsEnded++;
    session.destroy(new Error('too many streams reset'), constants.NGHTTP2_ENHANCE_YOUR_CALM);
  }

  // Node begins its timer anew with every piece of the body and of the answer. Most calls end before they get one.
  #watchBody(stream: ServerHttp2Stream): void {
    if (isBodyComplete(stream) || this.#bodiesWatched.has(stream)) return;
    this.#bodiesWatched.add(stream);
    const { bodyIdleMs } = this.#context.limits;
    stream.setTimeout(bodyIdleMs);
    stream.on('timeout', () => {
      if (isBodyComplete(stream)) return;
      if (isHeldBack(stream)) stream.setTimeout(bodyIdleMs);
      else this.#cutOff(stream);
    });
  }

  #cutOff(stream: ServerHttp2Stream): void {
    this.#context.counts.bodiesCutOff++;
    // What we cut off is no reset of the client's.
    this.#exchanges.delete(stream);
    stream.close(constants.NGHTTP2_CANCEL);
  }
}

/**
 * What Node and nghttp2 limit by themselves, so that nothing here has to: PING and SETTINGS whose answers nobody reads
 * (1,000), CONTINUATION frames (8 in a head), heads beyond 64 KiB or 128 fields, invalid frames and refused streams.
 */
function toSessionOptions({ streamsPerConnectionMax, resetsPerSecondMax }: ListenerLimits) {
  return {
    maxSessionMemory: sessionMemoryMegabytes,
    // Its default is 33 resets a second in the long run, answered or not: fewer than an honest client may need.
    streamResetRate: resetsPerSecondMax,
    streamResetBurst: 5 * resetsPerSecondMax,
    settings: {
      initialWindowSize: streamWindowBytes,
      maxConcurrentStreams: streamsPerConnectionMax,
      // Only said to the client: #serve checks it.
      maxHeaderListSize: headerBytesMax,
    },
  };
}

function onStreamClose(this: Stream): void {
  this[connectionKey]?.hearClose(this);
}

function isBodyComplete(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded || stream.closed;
}

const tooManyHeaders = `the headers have more than ${headerBytesMax} bytes`;

/** 431; for gRPC RESOURCE_EXHAUSTED, since its clients cannot tell what a bare HTTP status means. */
function refuseHeaders(exchange: Http2Exchange): void {
  exchange.watch({ onDrain: ignore, onGone: ignore });
  const type = exchange.headers['content-type'];
  const isGrpc = type?.startsWith('application/grpc') ?? false;
  const grpc = ['content-type', type ?? '', 'grpc-status', '8', 'grpc-message', tooManyHeaders];
  exchange.respond(isGrpc ? 200 : 431, isGrpc ? grpc : [], true);
}

function ignore(): void {}
