import { type Compression, inflate } from '../../mesh/framing/compression.ts';
import { frame } from '../../mesh/framing/envelope.ts';
import { messageTooLarge } from '../../mesh/framing/envelope-error.ts';
import type { BodyReader } from '../listener/exchange.ts';
import type { RpcCall } from './rpc-call.ts';
import type { Transcoder } from './transcoder.ts';

/** How the one message of a request is written. */
export interface UnaryForm {
  readonly compression: Compression;
  /** Undefined where the client speaks protobuf. */
  readonly transcoder: Transcoder | undefined;
}

/** Collects the one message of a body that is nothing but the message. */
export class UnaryFeed implements BodyReader {
  readonly #call: RpcCall;
  readonly #messageBytesMax: number;
  readonly #form: UnaryForm;
  #chunks: Buffer[] = [];
  #bytes = 0;

  constructor(call: RpcCall, messageBytesMax: number, form: UnaryForm) {
    this.#call = call;
    this.#messageBytesMax = messageBytesMax;
    this.#form = form;
  }

  onChunk(chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#messageBytesMax) {
      this.#chunks.push(chunk);
      return;
    }
    this.#chunks = [];
    this.#call.fail(messageTooLarge(this.#messageBytesMax));
  }

  onEnd(): void {
    const [first = Buffer.alloc(0)] = this.#chunks;
    this.feed(this.#chunks.length > 1 ? Buffer.concat(this.#chunks, this.#bytes) : first);
    this.#chunks = [];
  }

  /** Sends the message of a whole body on its way. */
  feed(body: Buffer): void {
    try {
      const plain = inflate(this.#form.compression, body, this.#messageBytesMax);
      if (plain instanceof Promise)
        plain.then((message) => this.#send(message)).catch((error) => this.#call.fail(error));
      else this.#send(plain);
    } catch (error) {
      this.#call.fail(error);
    }
  }

  #send(message: Uint8Array): void {
    const { transcoder } = this.#form;
    this.#call.send(frame(transcoder ? transcoder.toService(message) : message));
    this.#call.endRequests();
  }
}
