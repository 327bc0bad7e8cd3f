import { type DescMethod, fromBinary, type Message } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { envelopeFlags } from '../framing/envelope.ts';
import { EnvelopeReader } from '../framing/envelope-reader.ts';
import { rpcError } from './error.ts';
import { messageBytesMax } from './limits.ts';

/** The client is held back while so much waits to be read, beside one message that is not complete. */
const unreadBytesMax = 64 * 1024;

/** The requests of a call, written as bytes, read as messages, by one reader. */
export class RequestMessages implements AsyncIterable<Message> {
  readonly #method: DescMethod;
  readonly #onDrain: () => void;
  readonly #reader = new EnvelopeReader(messageBytesMax);
  #isEnded = false;
  #isHeldBack = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(method: DescMethod, onDrain: () => void) {
    this.#method = method;
    this.#onDrain = onDrain;
  }

  /** Why the requests cannot be read, or are not wanted any more. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** False: wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.#failure || this.#isEnded) return true;
    this.#reader.push(chunk);
    this.#isHeldBack = this.#reader.unreadBytes > unreadBytesMax;
    this.#wake?.();
    return !this.#isHeldBack;
  }

  end(): void {
    this.#isEnded = true;
    this.#wake?.();
  }

  /** Breaks them off: what reads them fails with this. */
  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Message> {
    for (;;) {
      const message = this.#take();
      if (message) yield message;
      else if (this.#isEnded) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #take(): Message | undefined {
    if (this.#failure) throw this.#failure.error;
    try {
      return this.#read();
    } catch (error) {
      this.fail(error);
      throw error;
    }
  }

  #read(): Message | undefined {
    const envelope = this.#reader.next();
    if (this.#isHeldBack && this.#reader.unreadBytes <= unreadBytesMax) {
      this.#isHeldBack = false;
      this.#onDrain();
    }
    if (!envelope) {
      if (this.#isEnded) this.#reader.end();
      return undefined;
    }
    if (envelope.flags & envelopeFlags.compressed) {
      throw rpcError(ErrorReason.MALFORMED_BODY, 'a message is compressed without saying how');
    }
    return this.#decode(envelope.payload);
  }

  #decode(payload: Buffer): Message {
    try {
      return fromBinary(this.#method.input, payload);
    } catch (cause) {
      throw rpcError(ErrorReason.MALFORMED_BODY, 'the message is not valid protobuf', { cause });
    }
  }
}
