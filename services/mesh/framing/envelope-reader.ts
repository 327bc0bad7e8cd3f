import type { Envelope } from './envelope.ts';
import { messageTooLarge } from './envelope-error.ts';
import { EnvelopeHeader } from './envelope-header.ts';

/** What is set aside at least for a message that does not lie within one chunk. */
const partBytesMin = 16 * 1024;

const noBytes: Buffer = Buffer.alloc(0);

/**
 * Reads a stream of envelopes message by message: `push` a chunk, then `next` until there is none. Holds what was pushed
 * and not yet read, and one begun message. Not to be used again once it has thrown.
 */
export class EnvelopeReader {
  readonly #messageBytesMax: number;
  readonly #header = new EnvelopeHeader();
  #chunk = noBytes;
  #at = 0;
  /** Chunks pushed while others were still to be read. */
  readonly #later: Buffer[] = [];
  #laterBytes = 0;
  /** The begun message, where it does not lie within one chunk. */
  #part = noBytes;
  #partBytes = 0;

  constructor(messageBytesMax: number) {
    this.#messageBytesMax = messageBytesMax;
  }

  /** The bytes pushed that `next` did not come to yet. */
  get unreadBytes(): number {
    return this.#chunk.length - this.#at + this.#laterBytes;
  }

  /** The chunks that those bytes are in. */
  get unreadChunks(): number {
    return (this.#at < this.#chunk.length ? 1 : 0) + this.#later.length;
  }

  /** Takes a chunk, which must not change any more: payloads may be views of it. */
  push(chunk: Buffer): void {
    if (chunk.length === 0) return;
    if (this.unreadBytes === 0) {
      this.#chunk = chunk;
      this.#at = 0;
    } else {
      this.#later.push(chunk);
      this.#laterBytes += chunk.length;
    }
  }

  /**
   * The next message; undefined where more bytes are needed. MESSAGE_TOO_LARGE as soon as a header says so. The payload
   * is a view of its chunk where it lies within one.
   */
  next(): Envelope | undefined {
    while (this.#at < this.#chunk.length || this.#toNextChunk()) {
      if (!this.#header.isComplete) {
        this.#at = this.#header.read(this.#chunk, this.#at);
        if (!this.#header.isComplete) continue;
        if (this.#header.length > this.#messageBytesMax) throw messageTooLarge(this.#messageBytesMax);
      }
      const payload = this.#readPayload();
      if (payload) {
        this.#header.reset();
        return { flags: this.#header.flags, payload };
      }
    }
    return undefined;
  }

  /** To be called when the stream ended and all was read: MALFORMED_BODY where that was within an envelope. */
  end(): void {
    this.#header.end();
  }

  #toNextChunk(): boolean {
    const chunk = this.#later.shift();
    // Without a next one, the one that was read is let go.
    this.#chunk = chunk ?? noBytes;
    this.#at = 0;
    this.#laterBytes -= this.#chunk.length;
    return chunk !== undefined;
  }

  #readPayload(): Buffer | undefined {
    const { length } = this.#header;
    const start = this.#at;
    const bytes = Math.min(length - this.#partBytes, this.#chunk.length - start);
    this.#at += bytes;
    if (bytes === length) return this.#chunk.subarray(start, this.#at);
    if (bytes === 0) return undefined;
    this.#makeRoom(this.#partBytes + bytes);
    this.#chunk.copy(this.#part, this.#partBytes, start, this.#at);
    this.#partBytes += bytes;
    return this.#partBytes === length ? this.#takePart() : undefined;
  }

  // Grows with what has come, four times of it, not to what the header says: who sends only headers gets no memory for it.
  #makeRoom(bytes: number): void {
    if (bytes <= this.#part.length) return;
    const grown = Buffer.allocUnsafe(Math.min(this.#header.length, Math.max(4 * bytes, partBytesMin)));
    this.#part.copy(grown, 0, 0, this.#partBytes);
    this.#part = grown;
  }

  #takePart(): Buffer {
    const payload = this.#part;
    this.#part = noBytes;
    this.#partBytes = 0;
    return payload;
  }
}
