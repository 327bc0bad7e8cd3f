import type { Socket } from 'node:net';
import { errorCode, settingId } from '../../mesh/http2/frame.ts';
import { ServerConnection, type ServerConnectionOwner } from '../../mesh/http2/server-connection.ts';
import type { Fields, Stream } from '../../mesh/http2/stream.ts';
import { Http2Exchange } from './http2-exchange.ts';
import { headerBytesMax, headerBytesOf, type ListenerLimits } from './limits.ts';
import { type ListenerContext, serve } from './listener-context.ts';
import type { Connection } from './open-connections.ts';
import { RateGuard } from './rate-guard.ts';

/** What a client may send in a stream before it is read. */
const streamWindowBytes = 2 ** 20;
/** All streams of a connection together: the most that a connection holds of bodies. */
const connectionWindowBytes = 8 * streamWindowBytes;
/** Heads that are a little too large are read, to be answered. */
const headerListBytesMax = 4 * headerBytesMax;
/** How long a client may take to see that its connection goes away. */
const goAwayMs = 1_000;

/** How far a body has come, as it was last looked at. */
interface Progress {
  bytes: number;
  sinceMs: number;
}

/** A client's HTTP/2 connection: hands its streams to the handler, and keeps to the limits. */
export class Http2Connection implements Connection, ServerConnectionOwner {
  readonly socket: Socket;
  readonly #connection: ServerConnection;
  readonly #clientAddress: string;
  readonly #endsAtMs: number;
  readonly #context: ListenerContext;
  readonly #exchanges = new Map<Stream, Http2Exchange>();
  readonly #progress = new WeakMap<Stream, Progress>();
  readonly #resets: RateGuard;
  #wasActive = true;
  #idleSinceMs = 0;
  #goAwayTimer: NodeJS.Timeout | undefined;
  #isGoingAway = false;

  constructor(socket: Socket, endsAtMs: number, context: ListenerContext) {
    this.socket = socket;
    this.#clientAddress = socket.remoteAddress ?? '';
    this.#endsAtMs = endsAtMs;
    this.#context = context;
    this.#resets = new RateGuard(context.limits.resetsPerSecondMax);
    this.#connection = new ServerConnection(socket, toOptions(context.limits), this);
  }

  /** Looks who is idle or slow. To be called every now and then. */
  sweep(nowMs: number): void {
    if (this.#wasActive || this.#exchanges.size > 0) {
      this.#wasActive = false;
      this.#idleSinceMs = nowMs;
    }
    if (nowMs >= this.#endsAtMs || nowMs - this.#idleSinceMs >= this.#context.limits.idleMs) this.goAway();
    for (const [stream, exchange] of this.#exchanges) this.#watchBody(stream, exchange, nowMs);
  }

  /**
   * Lets calls under way end and takes no new ones. First it only says so, and takes what the client sent before it
   * knew (RFC 9113, section 6.8): a client cannot repeat every call.
   */
  goAway(): void {
    const connection = this.#connection;
    if (this.#isGoingAway || connection.isClosed) return;
    this.#isGoingAway = true;
    const { callsUnderWay } = this.#context;
    // Its client may still begin a call, and has the last answer when it closes its side.
    callsUnderWay.begin();
    this.socket.once('close', () => callsUnderWay.end());
    this.#goAwayTimer = setTimeout(() => connection.drain(), goAwayMs);
    connection.announceDrain(() => {
      clearTimeout(this.#goAwayTimer);
      connection.drain();
    });
  }

  onRequest(stream: Stream, fields: Fields, isWhole: boolean): void {
    this.#wasActive = true;
    const exchange = new Http2Exchange(stream, fields, isWhole, this.#clientAddress);
    this.#exchanges.set(stream, exchange);
    this.#context.callsUnderWay.begin();
    if (headerBytesOf(fields) <= headerBytesMax) serve(exchange, this.#context);
    else {
      this.onHeadTooLarge();
      refuseHead(exchange);
    }
  }

  onStreamGone(stream: Stream): void {
    if (this.#exchanges.delete(stream)) this.#context.callsUnderWay.end();
  }

  // Opening streams and resetting them at once costs a client next to nothing, and us a call each (CVE-2023-44487).
  onCancelled(): void {
    if (!this.#resets.isTooMuch()) return;
    this.#context.counts.floodsEnded++;
    this.#connection.fail(errorCode.enhanceYourCalm, 'too many streams reset');
  }

  onHeadTooLarge(): void {
    this.#context.counts.headersRefused++;
  }

  onClosed(): void {
    clearTimeout(this.#goAwayTimer);
  }

  onBug(error: unknown): void {
    this.#context.onError(error);
  }

  #watchBody(stream: Stream, exchange: Http2Exchange, nowMs: number): void {
    const bytes = exchange.bodyBytes;
    const progress = this.#progress.get(stream);
    if (!progress || progress.bytes !== bytes || stream.isRemoteEnded || isPatient(exchange)) {
      this.#progress.set(stream, { bytes, sinceMs: nowMs });
      return;
    }
    if (nowMs - progress.sinceMs < this.#context.limits.bodyIdleMs) return;
    this.#context.counts.bodiesCutOff++;
    exchange.cutOff(errorCode.cancel);
  }
}

/** A body that waits for us may take its time; so may one whose answer has begun, as streams both ways do. */
function isPatient({ isHeldBack, hasResponded }: Http2Exchange): boolean {
  return isHeldBack || hasResponded;
}

const headTooLarge = `the headers have more than ${headerBytesMax} bytes`;

/** 431; for gRPC RESOURCE_EXHAUSTED, since its clients cannot tell what a bare HTTP status means. */
function refuseHead(exchange: Http2Exchange): void {
  const type = exchange.headers['content-type'] ?? '';
  const grpc = ['content-type', type, 'grpc-status', '8', 'grpc-message', headTooLarge];
  const isGrpc = type.startsWith('application/grpc');
  exchange.respond(isGrpc ? 200 : 431, isGrpc ? grpc : [], true);
}

function toOptions({ streamsPerConnectionMax }: ListenerLimits) {
  return {
    streamWindowBytes,
    connectionWindowBytes,
    isCreditedAtOnce: false,
    // What clients are told, and what gets an answer beyond it.
    settings: { [settingId.maxHeaderListSize]: headerBytesMax },
    headerListBytesMax,
    streamsMax: streamsPerConnectionMax,
  };
}
