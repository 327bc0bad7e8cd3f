import { messageTooLarge, unexpectedFlags } from './envelope-error.ts';
import { EnvelopeHeader } from './envelope-header.ts';

export interface EnvelopeScannerOptions {
  /** The flag bits that may be set. */
  readonly flagsAllowed: number;
  /** How long a payload may be. */
  readonly messageBytesMax: number;
}

/**
 * Checks the envelopes of a stream whose bytes pass unchanged. Keeps no bytes: no more than a begun header and how much
 * of a payload is still to come. Not to be used again once it has thrown.
 */
export class EnvelopeScanner {
  /** How many messages are complete. */
  messages = 0;
  readonly #flagsAllowed: number;
  readonly #messageBytesMax: number;
  readonly #header = new EnvelopeHeader();
  /** The bytes still to come of the payload whose header is complete. */
  #bytesLeft = 0;

  constructor({ flagsAllowed, messageBytesMax }: EnvelopeScannerOptions) {
    this.#flagsAllowed = flagsAllowed;
    this.#messageBytesMax = messageBytesMax;
  }

  /** Checks a chunk. MALFORMED_BODY for flags that are not allowed, MESSAGE_TOO_LARGE as soon as a header says so. */
  scan(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#header.isComplete) {
        at = this.#header.read(chunk, at);
        if (!this.#header.isComplete) return;
        this.#check();
      }
      if (this.#bytesLeft > chunk.length - at) {
        this.#bytesLeft -= chunk.length - at;
        return;
      }
      at += this.#bytesLeft;
      this.#bytesLeft = 0;
      this.#header.reset();
      this.messages++;
    }
  }

  /** To be called when the stream ended: MALFORMED_BODY where that was within an envelope. */
  end(): void {
    this.#header.end();
  }

  #check(): void {
    const { flags, length } = this.#header;
    if ((flags & ~this.#flagsAllowed) !== 0) throw unexpectedFlags(flags);
    if (length > this.#messageBytesMax) throw messageTooLarge(this.#messageBytesMax);
    this.#bytesLeft = length;
  }
}
