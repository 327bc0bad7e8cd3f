import type { IncomingHttpHeaders } from 'node:http';

/** Header or trailer fields as they are on the wire: name, value, name, value, …; names in lower case. */
export type Fields = readonly string[];

/** Hears the body of a request. After `onEnd` or `onGone` nothing more comes. */
export interface BodyReader {
  onChunk(chunk: Buffer): void;
  /** The body is complete. */
  onEnd(): void;
}

/** Hears how the sending of an answer goes. */
export interface AnswerWatcher {
  /** After `write` said false: more may be written. */
  onDrain(): void;
  /** The client is gone, or its connection is, before the answer was complete. Comes at most once. */
  onGone(): void;
}

/** A client's request and the way to answer it, the same for HTTP/1.1 and HTTP/2. */
export interface Exchange {
  readonly httpVersion: 1 | 2;
  /** The HTTP method, such as `POST`. */
  readonly method: string;
  /** Path and query as sent. */
  readonly target: string;
  /** By name, in lower case; repeated fields joined as Node joins them. */
  readonly headers: IncomingHttpHeaders;
  /** As sent, in order, repeated ones apart. HTTP/2's pseudo-header fields are among them. */
  readonly rawHeaders: Fields;
  readonly clientAddress: string;
  /** False where the head says that there is no body. */
  readonly hasBody: boolean;
  /** True once the answer's head was sent. */
  readonly hasResponded: boolean;

  /** Says who hears of the answer's fate. To be called once, at the beginning. */
  watch(watcher: AnswerWatcher): void;
  /** Begins to read the body. To be called at most once; a body that nobody reads is discarded after the answer. */
  read(reader: BodyReader): void;
  /** Holds the client back. */
  pause(): void;
  resume(): void;

  /**
   * Sends the head of the answer at once. `endsAnswer`: there is neither body nor trailers, and over HTTP/2 it is one
   * HEADERS frame.
   */
  respond(status: number, fields: Fields, endsAnswer?: boolean): void;
  /** Sends a piece of the body; false where the client reads more slowly: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  /**
   * Ends the answer, with trailers over HTTP/2 (HTTP/1.1: chunked trailers). A client that still sends is told to stop.
   */
  end(lastChunk?: Buffer, trailers?: Fields): void;
  /** Cuts the answer off: RST_STREAM with this HTTP/2 error code, or the connection closed. */
  reset(http2Code: number): void;
}
