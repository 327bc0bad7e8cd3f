import type { Message } from '@bufbuild/protobuf';
import { EnvelopeReader } from '../framing/envelope-reader.ts';
import { messageBytesMax } from './limits.ts';
import type { MessageDecoder } from './message-decoder.ts';

/** The client is held back while so much waits to be read, beside one message that is not complete. */
const unreadBytesMax = 64 * 1024;

/** Hears of requests that are read. */
export interface RequestMessagesOwner {
  /** After `write` said false: more may be written. */
  onRoom(): void;
  /** They cannot be read on; their reader hears it next. */
  onBroken?(error: unknown): void;
}

/** The requests of a call, written as bytes, read as messages, by one reader. */
export class RequestMessages implements AsyncIterable<Message> {
  readonly #decoder: MessageDecoder;
  readonly #owner: RequestMessagesOwner;
  readonly #reader = new EnvelopeReader(messageBytesMax);
  #isEnded = false;
  #isHeldBack = false;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  constructor(decoder: MessageDecoder, owner: RequestMessagesOwner) {
    this.#decoder = decoder;
    this.#owner = owner;
  }

  /** Why the requests cannot be read, or are not wanted any more. */
  get failure(): unknown {
    return this.#failure?.error;
  }

  /** False: wait for `onRoom`. */
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
      if (this.#failure) throw this.#failure.error;
      const message = this.#read();
      if (message) yield message instanceof Promise ? await this.#whole(message) : message;
      else if (this.#isEnded) return;
      else {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      }
    }
  }

  #read(): Message | Promise<Message> | undefined {
    try {
      return this.#decodeNext();
    } catch (error) {
      return this.#break(error);
    }
  }

  #decodeNext(): Message | Promise<Message> | undefined {
    do {
      const envelope = this.#reader.next();
      if (this.#isHeldBack && this.#reader.unreadBytes <= unreadBytesMax) {
        this.#isHeldBack = false;
        this.#owner.onRoom();
      }
      if (envelope) return this.#decoder.decode(envelope);
      // Room may have brought more at once.
    } while (this.#reader.unreadBytes > 0);
    if (this.#isEnded) this.#reader.end();
    return undefined;
  }

  /** A large message takes a while to inflate. */
  async #whole(message: Promise<Message>): Promise<Message> {
    try {
      return await message;
    } catch (error) {
      return this.#break(error);
    }
  }

  #break(error: unknown): never {
    this.fail(error);
    this.#owner.onBroken?.(error);
    throw error;
  }
}
