import { errorCode } from '../../mesh/http2/frame.ts';
import type { Fields, Stream, StreamListener } from '../../mesh/http2/stream.ts';
import type { Caller } from '../../mesh/rpc/context.ts';
import { toRpcError } from '../../mesh/rpc/error.ts';
import type { RequestStream } from '../data-path/call.ts';
import type { BulkAnswer, BulkLane } from './bulk-lane.ts';
import type { Endpoint, PendingCall } from './endpoint.ts';
import { requestFields } from './request-fields.ts';
import { customFields, fieldOf, isGrpc } from './response-fields.ts';
import type { Session } from './session.ts';
import type { UpstreamEnd, UpstreamRequest, UpstreamSink } from './upstream.ts';
import { endFromError, endFromFields, errorFromHttp, errorFromReset, unreachable } from './upstream-end.ts';

/** What a call holds of its requests before it has a stream, beside the chunk that went over it. */
const heldBytesMax = 64 * 1024;

/** An answer with more bytes is large. */
const smallBytesMax = 64 * 1024;

/**
 * A call on an HTTP/2 stream. Held in between: of the requests 64 KiB and a chunk, here or in the stream; of a paused
 * answer what the stream's window lets through (see session.ts).
 */
export class Http2Call implements RequestStream, PendingCall, StreamListener, BulkAnswer {
  readonly #endpoint: Endpoint;
  readonly #request: UpstreamRequest;
  readonly #sink: UpstreamSink;
  readonly #lane: BulkLane;
  #caller: Caller | undefined;
  #session: Session | undefined;
  #stream: Stream | undefined;
  #held: Buffer[] | undefined;
  #heldBytes = 0;
  #isEnded = false;
  #isPaused = false;
  /** For its turn among the large answers, whatever its reader wants. */
  #isWaiting = false;
  #answerBytes = 0;
  #hasHead = false;
  #wantsDrain = false;
  #isOver = false;

  constructor(endpoint: Endpoint, request: UpstreamRequest, sink: UpstreamSink, lane: BulkLane) {
    this.#endpoint = endpoint;
    this.#request = request;
    this.#sink = sink;
    this.#lane = lane;
  }

  start(caller: Caller): void {
    if (this.#isOver) return;
    this.#caller = caller;
    this.#endpoint.admit(this);
  }

  write(chunk: Buffer): boolean {
    if (this.#isOver || this.#isEnded) return true;
    if (!this.#stream) return this.#hold(chunk);
    this.#wantsDrain = !this.#stream.write(chunk);
    return !this.#wantsDrain;
  }

  end(): void {
    this.#isEnded = true;
    if (!this.#isOver) this.#stream?.end();
  }

  cancel(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#lane.leave(this);
    if (this.#stream) this.#interrupt(this.#stream);
    else this.#endpoint.withdraw(this);
  }

  pause(): void {
    this.#isPaused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#isPaused = false;
    if (!this.#isWaiting) this.#stream?.resume();
  }

  goOn(): void {
    this.#isWaiting = false;
    if (!this.#isPaused) this.#stream?.resume();
  }

  send(session: Session): void {
    if (this.#isOver || !this.#caller) return;
    const stream = session.request(requestFields(this.#endpoint.address, this.#request, this.#caller), this);
    this.#session = session;
    this.#stream = stream;
    if (this.#isPaused) stream.pause();
    if (this.#held) this.#sendHeld(stream, this.#held);
    if (this.#isEnded) stream.end();
  }

  refuse(): void {
    this.#finishSoon(endFromError(unreachable(), this.#request.requestId, 'not-sent'));
  }

  /** Ends a call that cannot be made for a reason of our own. */
  fail(thrown: unknown): void {
    this.#finishSoon(endFromError(toRpcError(thrown), this.#request.requestId, undefined));
  }

  onFields(fields: Fields, isLast: boolean): void {
    if (this.#isOver) return;
    const end = isLast ? endFromFields(fields) : undefined;
    if (end) this.#finish(end);
    else if (this.#hasHead) this.onEnd();
    else this.#takeHead(fields, isLast);
  }

  onData(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#answerBytes += chunk.length;
    if (this.#answerBytes > smallBytesMax && !this.#lane.take(chunk.length, this)) {
      this.#isWaiting = true;
      this.#stream?.pause();
    }
    this.#sink.onData(chunk);
  }

  /** The answer ended without a status. */
  onEnd(): void {
    this.#finish(this.#brokenEnd(errorCode.noError));
  }

  onReset(code: number, isLost: boolean): void {
    if (isLost) this.#finish(endFromError(unreachable(), this.#request.requestId, 'lost'));
    else this.#finish(this.#brokenEnd(code));
  }

  onDrain(): void {
    if (this.#isOver || !this.#wantsDrain) return;
    this.#wantsDrain = false;
    this.#sink.onDrain();
  }

  #takeHead(fields: Fields, isLast: boolean): void {
    this.#hasHead = true;
    const status = Number(fieldOf(fields, ':status'));
    if (status !== 200 || !isGrpc(fieldOf(fields, 'content-type'))) this.#refuseAnswer(status);
    else if (isLast) this.onEnd();
    else this.#sink.onHeaders(customFields(fields));
  }

  /** Ends a call whose answer is not gRPC's, whatever else it has. */
  #refuseAnswer(status: number): void {
    this.#finish(endFromError(errorFromHttp(status), this.#request.requestId, undefined));
  }

  #hold(chunk: Buffer): boolean {
    this.#held ??= [];
    this.#held.push(chunk);
    this.#heldBytes += chunk.length;
    this.#wantsDrain = this.#heldBytes >= heldBytesMax;
    return !this.#wantsDrain;
  }

  #sendHeld(stream: Stream, held: readonly Buffer[]): void {
    this.#held = undefined;
    let isRoom = true;
    for (const chunk of held) isRoom = stream.write(chunk);
    if (this.#wantsDrain && isRoom) process.nextTick(() => this.onDrain());
  }

  /** The end of a stream that has none of its own. */
  #brokenEnd(code: number): UpstreamEnd {
    const { requestId } = this.#request;
    if (code === errorCode.refusedStream) return endFromError(unreachable(), requestId, 'not-sent');
    return endFromError(errorFromReset(code), requestId, 'lost');
  }

  #finish(end: UpstreamEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#held = undefined;
    this.#lane.leave(this);
    if (this.#answerBytes <= smallBytesMax) this.#lane.noteSmall();
    // The service answered all that it will: nobody needs the rest of the requests.
    if (this.#stream) this.#interrupt(this.#stream);
    this.#sink.onEnd(end);
  }

  #finishSoon(end: UpstreamEnd): void {
    process.nextTick(() => this.#finish(end));
  }

  /**
   * Resets a stream that is still open. A service on Node takes requests for ended when it is told CANCEL: half an upload
   * would look like a whole one. So where they are not complete they break off with an error.
   */
  #interrupt(stream: Stream): void {
    if (stream.isClosed || (stream.isLocalEnded && stream.isRemoteEnded)) return;
    this.#session?.reset(stream, stream.isLocalEnded ? errorCode.cancel : errorCode.internalError);
  }
}
