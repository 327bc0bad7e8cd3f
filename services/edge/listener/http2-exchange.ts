import type { IncomingHttpHeaders } from 'node:http';
import type { Stream, StreamListener } from '../../mesh/http2/stream.ts';
import type { AnswerWatcher, BodyReader, Exchange, Fields } from './exchange.ts';
import { toHeaders } from './headers.ts';
import { httpDate } from './http-date.ts';

/** A request that came over HTTP/2. Nothing it is told after the stream's end has an effect. */
export class Http2Exchange implements Exchange, StreamListener {
  readonly httpVersion = 2;
  readonly rawHeaders: Fields;
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string;
  hasResponded = false;
  /** What came of the body so far. */
  bodyBytes = 0;
  /** True while the body waits for us and not for its client. */
  isHeldBack = true;
  readonly #stream: Stream;
  readonly #isWhole: boolean;
  #watcher: AnswerWatcher | undefined;
  #reader: BodyReader | undefined;
  /** Nothing more will be said by us. */
  #isOver = false;
  #isGone = false;

  /** `isWhole`: the request has no body. */
  constructor(stream: Stream, fields: Fields, isWhole: boolean, clientAddress: string) {
    this.#stream = stream;
    this.rawHeaders = fields;
    this.headers = toHeaders(fields);
    this.#isWhole = isWhole;
    this.clientAddress = clientAddress;
    stream.listener = this;
    // Nobody reads the body yet.
    if (!isWhole) stream.pause();
  }

  get hasBody(): boolean {
    return !this.#isWhole;
  }

  get method(): string {
    return this.headers[':method'] as string;
  }

  get target(): string {
    return this.headers[':path'] as string;
  }

  watch(watcher: AnswerWatcher): void {
    this.#watcher = watcher;
    if (this.#isGone) process.nextTick(() => watcher.onGone());
  }

  read(reader: BodyReader): void {
    if (this.#isOver) return;
    this.#reader = reader;
    this.isHeldBack = false;
    if (this.#isWhole) process.nextTick(() => this.#endBody());
    else {
      if (this.headers.expect?.toLowerCase() === '100-continue')
        this.#stream.sendFields([':status', '100'], false);
      this.#stream.resume();
    }
  }

  pause(): void {
    if (this.#isOver) return;
    this.isHeldBack = true;
    this.#stream.pause();
  }

  resume(): void {
    this.isHeldBack = false;
    this.#stream.resume();
  }

  respond(status: number, fields: Fields, endsAnswer = false): void {
    if (this.hasResponded || this.#isOver) return;
    this.hasResponded = true;
    const isLast = endsAnswer || this.method === 'HEAD' || status === 204 || status === 304;
    this.#stream.sendFields([':status', String(status), ...fields, 'date', httpDate()], isLast);
    if (isLast) this.#finish();
  }

  write(chunk: Buffer): boolean {
    return this.#isOver || this.#stream.write(chunk);
  }

  end(lastChunk?: Buffer, trailers?: Fields): void {
    if (this.#isOver) return;
    if (lastChunk) this.#stream.write(lastChunk);
    this.#stream.end(trailers);
    this.#finish();
  }

  reset(http2Code: number): void {
    this.#isOver = true;
    this.#stream.reset(http2Code);
  }

  /** Ends a call whose client does not go on. */
  cutOff(http2Code: number): void {
    this.#stream.reset(http2Code);
    this.onReset();
  }

  onFields(_trailers: Fields): void {
    this.#endBody();
  }

  onData(chunk: Buffer): void {
    this.bodyBytes += chunk.length;
    this.#reader?.onChunk(chunk);
  }

  onEnd(): void {
    this.#endBody();
  }

  onReset(): void {
    const watcher = this.#watcher;
    this.#isGone = !this.#isOver || !this.#stream.isLocalEnded;
    this.#isOver = true;
    this.#reader = undefined;
    this.#watcher = undefined;
    if (this.#isGone) watcher?.onGone();
  }

  onDrain(): void {
    if (!this.#isOver) this.#watcher?.onDrain();
  }

  #endBody(): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (!this.#isOver) reader?.onEnd();
  }

  /** The answer ends; what the client still sends is discarded. */
  #finish(): void {
    this.#isOver = true;
    this.#reader = undefined;
    this.#stream.resume();
  }
}
