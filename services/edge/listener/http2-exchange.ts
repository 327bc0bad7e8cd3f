import type { IncomingHttpHeaders } from 'node:http';
import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import type { AnswerWatcher, BodyReader, Exchange, Fields } from './exchange.ts';

/** Where a stream keeps its exchange: the functions that listen to streams are the same for all of them. */
const exchangeKey = Symbol('exchange');
type Stream = ServerHttp2Stream & { [exchangeKey]?: Http2Exchange };

const withTrailers = { waitForTrailers: true };
const endingStream = { endStream: true };

/** The connection that streams come over. */
export interface StreamOwner {
  readonly clientAddress: string;
  /** The stream is over, whoever answered it. */
  hearClose(stream: ServerHttp2Stream, exchange: Http2Exchange): void;
}

/** A request that came over HTTP/2, on the stream itself. Nothing it is told after the stream's end has an effect. */
export class Http2Exchange implements Exchange {
  readonly httpVersion = 2;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: Fields;
  hasResponded = false;
  /** We cut the answer off, and not the client. */
  isReset = false;
  readonly #stream: Stream;
  readonly #owner: StreamOwner;
  #watcher: AnswerWatcher | undefined;
  #reader: BodyReader | undefined;
  #trailers: Fields | undefined;
  /** Nothing more will be said by us: the answer ended, or it was cut off. */
  #isOver = false;
  #awaitsDrain = false;

  constructor(stream: Stream, headers: IncomingHttpHeaders, rawHeaders: Fields, owner: StreamOwner) {
    this.method = (headers[':method'] as string | undefined) ?? '';
    this.target = (headers[':path'] as string | undefined) ?? '';
    this.headers = headers;
    this.rawHeaders = rawHeaders;
    this.#stream = stream;
    this.#owner = owner;
    stream[exchangeKey] = this;
    // Errors close the stream, and nobody needs to know which.
    stream.on('error', ignore);
    stream.on('close', onClose);
  }

  get clientAddress(): string {
    return this.#owner.clientAddress;
  }

  watch(watcher: AnswerWatcher): void {
    const stream = this.#stream;
    this.#watcher = watcher;
    stream.on('aborted', onAborted);
    if (stream.closed) process.nextTick(onAborted.bind(stream));
  }

  read(reader: BodyReader): void {
    const stream = this.#stream;
    if (this.#isOver || stream.closed) return;
    this.#reader = reader;
    if (!this.hasResponded && this.headers.expect?.toLowerCase() === '100-continue')
      stream.additionalHeaders({ ':status': 100 });
    stream.on('data', onData);
    stream.on('end', onEnd);
  }

  pause(): void {
    if (!this.#isOver) this.#stream.pause();
  }

  resume(): void {
    this.#stream.resume();
  }

  respond(status: number, fields: Fields, endsAnswer = false): void {
    const stream = this.#stream;
    if (this.hasResponded || this.#isOver || stream.closed) return;
    this.hasResponded = true;
    const isBodyless = endsAnswer || this.method === 'HEAD' || hasNoBody(status);
    stream.respond([':status', String(status), ...fields], isBodyless ? endingStream : withTrailers);
    if (endsAnswer) this.end();
  }

  write(chunk: Buffer): boolean {
    const stream = this.#stream;
    // A closed stream is ended, too: what comes too late is dropped.
    if (stream.writableEnded || stream.write(chunk)) return true;
    if (!this.#awaitsDrain) stream.once('drain', onDrain);
    this.#awaitsDrain = true;
    return false;
  }

  end(lastChunk?: Buffer, trailers?: Fields): void {
    if (this.#isOver) return;
    const stream = this.#stream;
    this.#isOver = true;
    this.#reader = undefined;
    if (stream.writableEnded) {
      // There was no body to end.
      if (!isRequestComplete(stream)) setImmediate(stopClient, stream);
      return;
    }
    this.#trailers = trailers;
    // Without a listener Node ends the stream by an empty DATA frame: right where there is nothing else to do.
    if (trailers?.length || !isRequestComplete(stream)) stream.once('wantTrailers', onWantTrailers);
    if (lastChunk?.length) stream.end(lastChunk);
    else stream.end();
  }

  reset(http2Code: number): void {
    const stream = this.#stream;
    this.#isOver = true;
    this.#reader = undefined;
    this.#watcher = undefined;
    if (stream.closed) return;
    this.isReset = true;
    stream.close(http2Code);
    // A stream that is closed without an error goes away when its body was read to its end.
    stream.resume();
  }

  hearChunk(chunk: Buffer): void {
    this.#reader?.onChunk(chunk);
  }

  hearEnd(): void {
    this.#reader?.onEnd();
  }

  hearDrain(): void {
    this.#awaitsDrain = false;
    if (!this.#isOver) this.#watcher?.onDrain();
  }

  sendTrailers(): void {
    const stream = this.#stream;
    stream.sendTrailers(this.#trailers ? toTrailers(this.#trailers) : {});
    // Node sends them in an immediate of its own, which comes before this one.
    if (!isRequestComplete(stream)) setImmediate(stopClient, stream);
  }

  hearGone(): void {
    const watcher = this.#watcher;
    this.#isOver = true;
    this.#reader = undefined;
    this.#watcher = undefined;
    watcher?.onGone();
  }

  hearClose(): void {
    // The end of an answer may still be on its way: then the code says that something came between.
    if (!this.#isOver || this.#stream.rstCode !== constants.NGHTTP2_NO_ERROR) this.hearGone();
    this.#watcher = undefined;
    this.#owner.hearClose(this.#stream, this);
  }
}

function onData(this: Stream, chunk: Buffer): void {
  this[exchangeKey]?.hearChunk(chunk);
}

// Node ends the body of a stream that was reset, or whose connection is gone, as if it were complete. But on the stream
// itself, unlike in the compatibility API, it says before that the stream is closed, so that there is no need to wait
// for another turn of the event loop: while our answer has not ended, nothing else closes a stream.
function onEnd(this: Stream): void {
  if (!this.closed) this[exchangeKey]?.hearEnd();
}

function onDrain(this: Stream): void {
  if (!this.closed) this[exchangeKey]?.hearDrain();
}

function onWantTrailers(this: Stream): void {
  try {
    this[exchangeKey]?.sendTrailers();
  } catch (error) {
    // Fields that HTTP/2 does not allow. Thrown on, it would end the process: this is called by nghttp2.
    this.destroy(error as Error);
  }
}

/** Comes at once where the answer had not ended. */
function onAborted(this: Stream): void {
  this[exchangeKey]?.hearGone();
}

function onClose(this: Stream): void {
  this[exchangeKey]?.hearClose();
}

/** Tells a client that still sends to stop (RFC 9113, section 8.1), and discards what it sent. */
function stopClient(stream: ServerHttp2Stream): void {
  if (stream.closed) return;
  stream.resume();
  if (!isRequestComplete(stream)) stream.close(constants.NGHTTP2_NO_ERROR);
}

function isRequestComplete(stream: ServerHttp2Stream): boolean {
  return stream.endAfterHeaders || stream.readableEnded;
}

/** Node ends such answers itself. */
function hasNoBody(status: number): boolean {
  return status === 204 || status === 205 || status === 304;
}

function toTrailers(fields: Fields): OutgoingHttpHeaders {
  // No null prototype: Node copies such objects slowly.
  const trailers: OutgoingHttpHeaders = {};
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    const before = Object.hasOwn(trailers, name) ? trailers[name] : undefined;
    if (before === undefined) trailers[name] = value;
    else if (Array.isArray(before)) before.push(value);
    else trailers[name] = [before as string, value];
  }
  return trailers;
}

function ignore(): void {}
