import type { IncomingHttpHeaders } from 'node:http';
import type { AnswerWatcher, BodyReader, Exchange, Fields } from '../listener/exchange.ts';

/** A client's request without a connection, and what it was answered. For tests. */
export class TestExchange implements Exchange {
  readonly httpVersion = 2;
  readonly method: string;
  readonly target: string;
  readonly headers: IncomingHttpHeaders;
  readonly rawHeaders: Fields;
  readonly clientAddress = '192.0.2.7';
  readonly hasBody = true;
  hasResponded = false;
  status = 0;
  fields: Fields = [];
  trailers: Fields = [];
  body = Buffer.alloc(0);
  /** The answer is nothing but its head. */
  isWhole = false;
  hasEnded = false;
  watcher: AnswerWatcher | undefined;
  reader: BodyReader | undefined;

  constructor(method: string, target: string, headers: Readonly<Record<string, string>> = {}) {
    this.method = method;
    this.target = target;
    this.headers = headers;
    this.rawHeaders = Object.entries(headers).flat();
  }

  /** The values of a field of the answer's head, in order. */
  values(name: string): string[] {
    return this.fields.filter((_text, index) => index % 2 === 1 && this.fields[index - 1] === name);
  }

  watch(watcher: AnswerWatcher): void {
    this.watcher = watcher;
  }

  read(reader: BodyReader): void {
    this.reader = reader;
  }

  pause(): void {}

  resume(): void {}

  respond(status: number, fields: Fields, endsAnswer = false): void {
    this.hasResponded = true;
    this.status = status;
    this.fields = fields;
    this.isWhole = endsAnswer;
    this.hasEnded = endsAnswer;
  }

  write(chunk: Buffer): boolean {
    this.body = Buffer.concat([this.body, chunk]);
    return true;
  }

  end(lastChunk: Buffer = Buffer.alloc(0), trailers: Fields = []): void {
    this.write(lastChunk);
    this.trailers = trailers;
    this.hasEnded = true;
  }

  reset(): void {
    this.hasEnded = true;
  }
}
