import type { Fields } from '../listener/exchange.ts';

/** How a call ended: gRPC's status, and the trailers that came with it. */
export interface CallEnd {
  /** google.rpc.Code. */
  readonly code: number;
  readonly message: string;
  /** `grpc-status-details-bin` as on the wire: base64 of google.rpc.Status. Empty where there is none. */
  readonly details: string;
  /** Custom metadata, without gRPC's own fields. */
  readonly trailers: Fields;
  /** When a retry may succeed, where the error says so. */
  readonly retryAfterMs?: number;
}

/** The most bytes of one message of a service. */
export const answerBytesMax = 64 * 2 ** 20;

/** Hears a service's answer. `onEnd` comes exactly once and last, whatever happens. */
export interface ResponseSink {
  /** The answer's metadata, at once when it came. Not called where the answer has none: it ends right away. */
  onHeaders(metadata: Fields): void;
  /** A piece of the answer's messages, framed as gRPC frames them, cut anywhere. */
  onData(chunk: Buffer): void;
  onEnd(end: CallEnd): void;
  /** After `write` said false: more may be written. */
  onDrain(): void;
}

/** The way of a call's requests to its service. Nothing it is told after the call's end has an effect. */
export interface RequestStream {
  /** A piece of the messages, framed as gRPC frames them, cut anywhere; false: wait for `onDrain`. */
  write(chunk: Buffer): boolean;
  /** No more requests will come; the answer goes on. */
  end(): void;
  /** The caller gave up: the service hears of it at once, the sink nothing more. */
  cancel(): void;
  /** Holds the service back while the client reads slowly. */
  pause(): void;
  resume(): void;
}
