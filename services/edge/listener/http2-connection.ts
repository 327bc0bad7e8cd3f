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
import { Http2Exchange, type StreamOwner } from './http2-exchange.ts';
import { headerBytesMax, headerBytesOf, type ListenerLimits } from './limits.ts';
import { type ListenerContext, offerRpc, serveHttp } from './listener-context.ts';
import type { Connection } from './open-connections.ts';
import { RateGuard } from './rate-guard.ts';

/** Node's own 64 KiB would throttle real streams. */
const streamWindowBytes = 2 ** 20;
/** All streams of a connection together. */
const sessionWindowBytes = 16 * streamWindowBytes;
const sessionMemoryMegabytes = 64;

/** A client's HTTP/2 connection: hands its streams to the handler, and keeps to the limits. */
export class Http2Connection implements Connection, StreamOwner {
  readonly socket: Socket;
  readonly clientAddress: string;
  readonly #session: ServerHttp2Session;
  readonly #endsAtMs: number;
  readonly #context: ListenerContext;
  readonly #streams = new Set<ServerHttp2Stream>();
  readonly #bodiesWatched = new WeakSet<ServerHttp2Stream>();
  readonly #resets: RateGuard;
  #wasActive = true;
  #isLingering = false;
  #idleSinceMs = 0;

  constructor(socket: Socket, endsAtMs: number, context: ListenerContext) {
    this.socket = socket;
    this.clientAddress = socket.remoteAddress ?? '';
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
    if (this.#wasActive || this.#streams.size > 0) {
      this.#wasActive = false;
      this.#idleSinceMs = nowMs;
    }
    if (nowMs >= this.#endsAtMs || nowMs - this.#idleSinceMs >= this.#context.limits.idleMs) this.goAway();
    for (const stream of this.#streams) this.#watchBody(stream);
  }

  /** Lets calls under way end and takes no new ones: GOAWAY tells the client which ones it may repeat elsewhere. */
  goAway(): void {
    if (!this.#session.closed) this.#session.close();
  }

  #serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, rawHeaders: Fields): void {
    const context = this.#context;
    this.#wasActive = true;
    if (stream.closed) {
      stream.on('error', ignore);
      this.#countReset();
      return;
    }
    const exchange = new Http2Exchange(stream, headers, rawHeaders, this);
    this.#streams.add(stream);
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

  hearClose(stream: ServerHttp2Stream, { isReset }: Http2Exchange): void {
    this.#context.callsUnderWay.end();
    const isOurs = !this.#streams.delete(stream) || isReset;
    if (stream.aborted && !isOurs) this.#countReset();
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
    this.#streams.delete(stream);
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
