import { Base64Decoder } from '../../mesh/framing/base64-stream.ts';
import { EnvelopeScanner } from '../../mesh/framing/envelope-scanner.ts';
import type { FrameTransformer } from '../../mesh/framing/frame-transformer.ts';
import type { BodyReader } from '../listener/exchange.ts';
import { checkCount } from './message-count.ts';
import type { RpcCall } from './rpc-call.ts';

/** Passes framed messages on as they are, and looks at nothing but their envelopes. */
export class SplicedFeed implements BodyReader {
  readonly #call: RpcCall;
  readonly #scanner: EnvelopeScanner;

  constructor(call: RpcCall, messageBytesMax: number) {
    this.#call = call;
    this.#scanner = new EnvelopeScanner({ flagsAllowed: 0, messageBytesMax });
  }

  onChunk(chunk: Buffer): void {
    const call = this.#call;
    if (call.hasFailed) return;
    try {
      this.#scanner.scan(chunk);
      checkCount(call.method, this.#scanner.messages, false);
      call.send(chunk);
    } catch (error) {
      call.fail(error);
    }
  }

  onEnd(): void {
    const call = this.#call;
    if (call.hasFailed) return;
    try {
      this.#scanner.end();
      checkCount(call.method, this.#scanner.messages, true);
      call.endRequests();
    } catch (error) {
      call.fail(error);
    }
  }
}

/** Passes framed messages on through a pipe that changes them. */
export class PipedFeed implements BodyReader {
  readonly #call: RpcCall;
  readonly #pipe: FrameTransformer;

  constructor(call: RpcCall, pipe: FrameTransformer) {
    this.#call = call;
    this.#pipe = pipe;
  }

  onChunk(chunk: Buffer): void {
    if (!this.#pipe.push(chunk)) this.#call.exchange.pause();
  }

  onEnd(): void {
    this.#pipe.end();
  }
}

/** Decodes the base64 of gRPC-Web's text form. */
export class Base64Feed implements BodyReader {
  readonly #call: RpcCall;
  readonly #feed: BodyReader;
  readonly #decoder = new Base64Decoder();

  constructor(call: RpcCall, feed: BodyReader) {
    this.#call = call;
    this.#feed = feed;
  }

  onChunk(chunk: Buffer): void {
    this.#decode(() => this.#feed.onChunk(this.#decoder.decode(chunk)));
  }

  onEnd(): void {
    this.#decode(() => {
      this.#decoder.end();
      this.#feed.onEnd();
    });
  }

  #decode(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#call.fail(error);
    }
  }
}
