import { type ClientHttp2Stream, constants, type IncomingHttpHeaders } from 'node:http2';
import type { Caller } from '../../mesh/rpc/context.ts';
import { toRpcError } from '../../mesh/rpc/error.ts';
import type { RequestStream } from '../data-path/call.ts';
import type { Fields } from '../listener/exchange.ts';
import type { Endpoint, PendingCall } from './endpoint.ts';
import { requestFields } from './request-fields.ts';
import { customFields, isGrpc } from './response-fields.ts';
import type { Session } from './session.ts';
import type { UpstreamEnd, UpstreamRequest, UpstreamSink } from './upstream.ts';
import { endFromError, endFromTrailers, errorFromHttp, errorFromReset, unreachable } from './upstream-end.ts';

/** What a call holds of its requests before it has a stream, beside the chunk that went over it. */
const heldBytesMax = 64 * 1024;

const theCall = Symbol('call');

interface CallStream extends ClientHttp2Stream {
  [theCall]: Http2Call;
}

/**
 * A call on an HTTP/2 stream. Held in between: of the requests 64 KiB and a chunk, here or in the stream; of a paused
 * answer what the stream's window lets through (see session.ts).
 */
export class Http2Call implements RequestStream, PendingCall {
  readonly #endpoint: Endpoint;
  readonly #request: UpstreamRequest;
  readonly #sink: UpstreamSink;
  #caller: Caller | undefined;
  #session: Session | undefined;
  #stream: CallStream | undefined;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #isEnded = false;
  #isPaused = false;
  #wantsDrain = false;
  #isOver = false;
  #end: UpstreamEnd | undefined;

  constructor(endpoint: Endpoint, request: UpstreamRequest, sink: UpstreamSink) {
    this.#endpoint = endpoint;
    this.#request = request;
    this.#sink = sink;
  }

  start(caller: Caller): void {
    if (this.#isOver) return;
    this.#caller = caller;
    this.#endpoint.admit(this);
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream;
    if (this.#isOver || this.#isEnded) return true;
    if (!stream) return this.#hold(chunk);
    // Closed by the peer: the end is on its way.
    if (stream.writableEnded || stream.write(chunk)) return true;
    this.#awaitDrain(stream);
    return false;
  }

  end(): void {
    this.#isEnded = true;
    if (!this.#isOver) this.#stream?.end();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    if (this.#stream) this.#interrupt(this.#stream);
    else this.#endpoint.withdraw(this);
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    this.#stream?.resume();
  }

  send(session: Session): void {
    if (this.#isOver || !this.#caller) return;
    try {
      const fields = requestFields(this.#endpoint.address, this.#request, this.#caller);
      const stream = session.request(fields) as CallStream;
      this.#session = session;
      this.#stream = stream;
      listen(stream, this);
      if (this.#held) this.#sendHeld(stream, this.#held);
      if (this.#isEnded) stream.end();
      if (this.#isPaused) stream.pause();
    } catch (thrown) {
      this.fail(thrown);
    }
  }

  refuse(): void {
    this.#finishSoon(endFromError(unreachable(), this.#request.requestId, 'not-sent'));
  }

  /** Ends a call that cannot be made for a reason of our own. */
  fail(thrown: unknown): void {
    this.#finishSoon(endFromError(toRpcError(thrown), this.#request.requestId, undefined));
  }

  onResponse(fields: IncomingHttpHeaders, flags: number, raw: Fields): void {
    if (this.#isOver) return;
    const status = Number(fields[':status']);
    const isWhole = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0;
    const end = isWhole ? endFromTrailers(fields, raw) : undefined;
    if (end) this.#finish(end);
    else if (status !== 200 || !isGrpc(fields)) this.#refuseAnswer(status);
    else if (!isWhole) this.#sink.onHeaders(customFields(raw));
  }

  onData(chunk: Buffer): void {
    if (!this.#isOver) this.#sink.onData(chunk);
  }

  onTrailers(fields: IncomingHttpHeaders, raw: Fields): void {
    this.#end = endFromTrailers(fields, raw);
  }

  /** All data was handed on. Node says so also where the stream broke: then only a status makes it an end. */
  onDataEnd(): void {
    if (!this.#isOver) this.#finish(this.#end ?? this.#brokenEnd());
  }

  onClose(): void {
    if (!this.#isOver) this.#finish(this.#brokenEnd());
    this.#session?.release();
  }

  onDrain(): void {
    if (this.#isOver || !this.#wantsDrain) return;
    this.#wantsDrain = false;
    this.#sink.onDrain();
  }

  /** Ends a call whose answer is not gRPC's, whatever else it has. */
  #refuseAnswer(status: number): void {
    if (this.#stream) this.#interrupt(this.#stream);
    this.#finish(endFromError(errorFromHttp(status), this.#request.requestId, undefined));
  }

  #hold(chunk: Buffer): boolean {
    this.#held ??= [];
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    this.#wantsDrain = this.#heldBytes >= heldBytesMax;
    return !this.#wantsDrain;
  }

  #sendHeld(stream: CallStream, held: readonly Buffer[]): void {
    this.#held = undefined;
    let isRoom = true;
    for (const chunk of held) isRoom = stream.write(chunk);
    if (!this.#wantsDrain) return;
    if (isRoom) process.nextTick(() => this.onDrain());
    else stream.once('drain', onStreamDrain);
  }

  #awaitDrain(stream: CallStream): void {
    if (this.#wantsDrain) return;
    this.#wantsDrain = true;
    stream.once('drain', onStreamDrain);
  }

  /** The end of a stream that has none of its own. */
  #brokenEnd(): UpstreamEnd {
    const { requestId } = this.#request;
    const { id, rstCode } = this.#stream ?? {};
    const code = rstCode ?? constants.NGHTTP2_NO_ERROR;
    if (!this.#session?.mayHaveSeen(id) || code === constants.NGHTTP2_REFUSED_STREAM)
      return endFromError(unreachable(), requestId, 'not-sent');
    return endFromError(this.#session.isLost ? unreachable() : errorFromReset(code), requestId, 'lost');
  }

  #finish(end: UpstreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    // The service answered all that it will: a stream that still has requests to send would never close.
    if (this.#stream && !this.#stream.writableFinished) this.#interrupt(this.#stream);
    this.#sink.onEnd(end);
  }

  #finishSoon(end: UpstreamEnd): void {
    process.nextTick(() => this.#finish(end));
  }

  /**
   * Resets a stream, after what is under way within Node. Whoever closes a stream there ends its requests first, and a
   * service on Node takes requests for ended when it is told CANCEL: half an upload would look like a whole one. So
   * their end is not sent, and where they are not complete they break off with an error.
   */
  #interrupt(stream: CallStream): void {
    const code = stream.writableFinished ? constants.NGHTTP2_CANCEL : constants.NGHTTP2_INTERNAL_ERROR;
    if (!stream.writableFinished) stream._final = finishWithoutEnd;
    setImmediate(() => this.#session?.reset(stream, code));
  }
}

function finishWithoutEnd(done: () => void): void {
  done();
}

/** One set of listeners for all streams: a call costs no closures. */
function listen(stream: CallStream, call: Http2Call): void {
  stream[theCall] = call;
  stream.on('response', onStreamResponse as Parameters<typeof stream.on>[1]);
  stream.on('data', onStreamData);
  stream.on('trailers', onStreamTrailers as Parameters<typeof stream.on>[1]);
  stream.on('end', onStreamEnd);
  stream.on('error', ignore);
  stream.on('close', onStreamClose);
}

function onStreamResponse(this: CallStream, fields: IncomingHttpHeaders, flags: number, raw: Fields): void {
  this[theCall].onResponse(fields, flags, raw);
}

function onStreamData(this: CallStream, chunk: Buffer): void {
  this[theCall].onData(chunk);
}

function onStreamTrailers(this: CallStream, fields: IncomingHttpHeaders, _flags: number, raw: Fields): void {
  this[theCall].onTrailers(fields, raw);
}

function onStreamEnd(this: CallStream): void {
  this[theCall].onDataEnd();
}

/** `close` comes after every error, and says what there is to say. */
function ignore(): void {}

function onStreamClose(this: CallStream): void {
  this[theCall].onClose();
}

function onStreamDrain(this: CallStream): void {
  this[theCall].onDrain();
}
