import type { IncomingHttpHeaders } from 'node:http';
import { Readable, Writable } from 'node:stream';
import { errorCode } from '../../mesh/http2/frame.ts';
import type { Exchange, Fields } from './exchange.ts';

const noBytes = Buffer.alloc(0);

/** A request as a stream of its body, for what is not on the fast path. */
export class HttpRequest extends Readable {
  /** As Node names it. */
  readonly httpVersion: '1.1' | '2.0';
  readonly method: string;
  /** Path and query as sent. */
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly clientAddress: string;
  readonly hasBody: boolean;
  readonly #exchange: Exchange;
  #isReading = false;
  /** True once the whole body was collected. */
  isCollected = false;

  constructor(exchange: Exchange) {
    super({ highWaterMark: 64 * 1024 });
    this.httpVersion = exchange.httpVersion === 2 ? '2.0' : '1.1';
    this.method = exchange.method;
    this.url = exchange.target;
    this.headers = exchange.headers;
    this.clientAddress = exchange.clientAddress;
    this.hasBody = exchange.hasBody;
    this.#exchange = exchange;
    // Half a body ends with an error, which nobody may be there to hear.
    this.on('error', () => {});
  }

  /**
   * Reads the whole body without the cost of a stream, where nobody has begun to read it. Undefined where it has more
   * bytes; rejects where the client goes away within it.
   */
  collect(bytesMax: number): Promise<Buffer | undefined> {
    return new Promise((resolve, reject) => {
      if (this.#isReading || this.destroyed) return reject(new Error('the body is not there any more'));
      this.#isReading = true;
      this.once('close', reject);
      let chunks: Buffer[] = [];
      let bytes = 0;
      this.#exchange.read({
        onChunk: (chunk) => {
          bytes += chunk.length;
          if (bytes <= bytesMax) chunks.push(chunk);
          else {
            chunks = [];
            resolve(undefined);
          }
        },
        onEnd: () => {
          this.isCollected = true;
          this.off('close', reject);
          const [first = noBytes] = chunks;
          if (bytes <= bytesMax) resolve(chunks.length > 1 ? Buffer.concat(chunks, bytes) : first);
        },
      });
    });
  }

  override _read(): void {
    if (this.#isReading) {
      this.#exchange.resume();
      return;
    }
    this.#isReading = true;
    this.#exchange.read({
      onChunk: (chunk) => {
        if (!this.push(chunk)) this.#exchange.pause();
      },
      onEnd: () => this.push(null),
    });
  }
}

/** How many bytes of an answer wait for a slow client before who writes them does. */
const heldBytesMax = 64 * 1024;

/** An answer as a stream of its body. Its head goes out at once where it is written, else with the first byte. */
export class HttpResponse extends Writable {
  statusCode = 200;
  readonly #exchange: Exchange;
  readonly #request: HttpRequest;
  readonly #fields = new Map<string, string | readonly string[]>();
  #drained: (() => void) | undefined;
  #isAnswered = false;
  #isGone = false;

  constructor(exchange: Exchange, request: HttpRequest) {
    super({ highWaterMark: heldBytesMax, decodeStrings: true });
    this.#exchange = exchange;
    this.#request = request;
    this.on('error', () => {});
    exchange.watch({
      onDrain: () => this.#drain(),
      onGone: () => {
        this.#isGone = true;
        request.destroy(new Error('the client is gone'));
        this.destroy();
      },
    });
  }

  /** True once all of the answer was said. */
  get isAnswered(): boolean {
    return this.#isAnswered;
  }

  get headersSent(): boolean {
    return this.#exchange.hasResponded;
  }

  setHeader(name: string, value: string | readonly string[]): void {
    this.#fields.set(name.toLowerCase(), value);
  }

  getHeader(name: string): string | readonly string[] | undefined {
    return this.#fields.get(name);
  }

  hasHeader(name: string): boolean {
    return this.#fields.has(name);
  }

  /** Sends the head: the fields set before, and these. `endsAnswer`: there is no body. */
  writeHead(
    status: number,
    fields: Readonly<Record<string, string | readonly string[]>> = {},
    endsAnswer = false,
  ): void {
    this.statusCode = status;
    for (const [name, value] of Object.entries(fields)) this.setHeader(name, value);
    this.#exchange.respond(status, toFields(this.#fields), endsAnswer);
  }

  /** Ends an answer whose head was written by all of its body, without the cost of a stream. */
  endWhole(content: Buffer | undefined): void {
    this.#isAnswered = true;
    this.#exchange.end(content);
    if (!this.#request.isCollected) this.#request.destroy();
    this.destroy();
  }

  /** Says how long the answer is where that is all of it. */
  override end(...args: unknown[]): this {
    const [content] = args;
    const isWhole = !this.headersSent && this.writableLength === 0;
    if (isWhole && (typeof content === 'string' || content instanceof Uint8Array)) this.#setLength(content);
    return super.end(...(args as Parameters<Writable['end']>));
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    if (!this.headersSent) this.writeHead(this.statusCode);
    if (this.#exchange.write(chunk)) done();
    else this.#drained = done;
  }

  override _final(done: () => void): void {
    this.#isAnswered = true;
    if (this.headersSent) this.#exchange.end();
    else this.writeHead(this.statusCode, {}, true);
    // What its client still sends of the body reaches nobody: who waits for it must hear of that.
    this.#request.destroy();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    // An answer that breaks off must not look complete.
    if (!this.#isAnswered && !this.#isGone) this.#exchange.reset(errorCode.internalError);
    done(error);
  }

  #setLength(content: string | Uint8Array): void {
    const { statusCode } = this;
    if (statusCode === 204 || statusCode === 304 || this.hasHeader('content-length')) return;
    this.setHeader('content-length', String(Buffer.byteLength(content)));
  }

  #drain(): void {
    const drained = this.#drained;
    this.#drained = undefined;
    drained?.();
  }
}

function toFields(byName: ReadonlyMap<string, string | readonly string[]>): Fields {
  const fields: string[] = [];
  for (const [name, value] of byName) {
    if (typeof value === 'string') fields.push(name, value);
    else for (const each of value) fields.push(name, each);
  }
  return fields;
}
