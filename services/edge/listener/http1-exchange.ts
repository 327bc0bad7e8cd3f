import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { AnswerWatcher, BodyReader, Exchange, Fields } from './exchange.ts';

/** What is read and thrown away of a body that nobody wants, so that its client gets to read the answer. */
const discardBytesMax = 16 * 2 ** 20;

/** A request that came over HTTP/1.1. Nothing it is told after the connection's end has an effect. */
export class Http1Exchange implements Exchange {
  readonly httpVersion = 1;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string;
  hasResponded = false;
  /** True while the body waits for us and not for its client. */
  isHeldBack = true;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  #rawHeaders: Fields | undefined;
  #watcher: AnswerWatcher | undefined;
  #reader: BodyReader | undefined;
  /** Nothing more will be said by us: the answer ended, or was cut off. */
  #isOver = false;
  #isReset = false;
  #discardedBytes = 0;

  constructor(request: IncomingMessage, response: ServerResponse) {
    this.method = request.method ?? '';
    this.target = request.url ?? '';
    this.headers = request.headers;
    this.clientAddress = request.socket.remoteAddress ?? '';
    this.#request = request;
    this.#response = response;
  }

  get hasBody(): boolean {
    const { headers } = this;
    return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
  }

  get rawHeaders(): Fields {
    this.#rawHeaders ??= this.#request.rawHeaders.map((text, i) => (i % 2 === 0 ? text.toLowerCase() : text));
    return this.#rawHeaders;
  }

  watch(watcher: AnswerWatcher): void {
    this.#watcher = watcher;
    const response = this.#response;
    response.on('error', () => {});
    response.on('close', () => this.#onClose());
    response.on('drain', () => {
      if (!this.#isOver) watcher.onDrain();
    });
    if (response.destroyed) process.nextTick(() => this.#onClose());
  }

  read(reader: BodyReader): void {
    const request = this.#request;
    if (this.#isOver || request.destroyed) return;
    this.#reader = reader;
    this.isHeldBack = false;
    if (!this.hasResponded && this.headers.expect?.toLowerCase() === '100-continue')
      this.#response.writeContinue();
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => {
      if (this.#reader) this.#reader.onChunk(chunk);
      else this.#discard(chunk);
    });
    request.on('end', () => {
      if (request.complete) this.#reader?.onEnd();
    });
  }

  pause(): void {
    if (this.#isOver) return;
    this.isHeldBack = true;
    this.#request.pause();
  }

  resume(): void {
    this.isHeldBack = false;
    this.#request.resume();
  }

  respond(status: number, fields: Fields, endsAnswer = false): void {
    const response = this.#response;
    if (this.hasResponded || this.#isOver || response.destroyed) return;
    this.hasResponded = true;
    const head = [...fields];
    if (endsAnswer && this.method !== 'HEAD' && mayHaveBody(status)) head.push('content-length', '0');
    response.writeHead(status, head);
    if (endsAnswer) {
      this.end();
      return;
    }
    // At once, but in one piece with what may follow at once.
    const { socket } = response;
    socket?.cork();
    response.flushHeaders();
    if (socket) process.nextTick(uncork, socket);
  }

  write(chunk: Buffer): boolean {
    const response = this.#response;
    return this.#isOver || response.destroyed || response.write(chunk);
  }

  end(lastChunk?: Buffer, trailers?: Fields): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reader = undefined;
    const response = this.#response;
    if (response.destroyed) return;
    if (trailers?.length) response.addTrailers(toPairs(trailers));
    if (lastChunk?.length) response.end(lastChunk);
    else response.end();
    this.#discardRest();
  }

  reset(_http2Code: number): void {
    this.#isOver = true;
    this.#isReset = true;
    this.#reader = undefined;
    // Not the response alone: it may wait for its turn behind another one of the same connection.
    this.#request.socket.destroy();
  }

  /** HTTP/1.1 cannot tell a client to stop; what it sends is thrown away, up to a limit. */
  #discardRest(): void {
    const request = this.#request;
    if (request.complete && request.readableEnded) return;
    this.isHeldBack = false;
    if (request.listenerCount('data') === 0) {
      request.on('error', () => {});
      request.on('data', (chunk: Buffer) => this.#discard(chunk));
    }
    request.resume();
  }

  #discard(chunk: Buffer): void {
    this.#discardedBytes += chunk.length;
    if (this.#discardedBytes > discardBytesMax) this.#request.socket.destroy();
  }

  #onClose(): void {
    const watcher = this.#watcher;
    this.#watcher = undefined;
    this.#reader = undefined;
    this.#isOver = true;
    if (!this.#isReset && !this.#response.writableFinished) watcher?.onGone();
  }
}

function uncork(socket: Socket): void {
  socket.uncork();
}

function mayHaveBody(status: number): boolean {
  return status !== 204 && status !== 304;
}

function toPairs(fields: Fields): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < fields.length; i += 2) pairs.push([fields[i] as string, fields[i + 1] as string]);
  return pairs;
}
