import { envelopeBytes } from './envelope.ts';
import { malformedStream } from './envelope-error.ts';

/** Reads the five bytes before a message, wherever the chunks are cut. */
export class EnvelopeHeader {
  flags = 0;
  /** The bytes of the payload. Below five bytes read, a part of it. */
  length = 0;
  #bytesRead = 0;

  get isComplete(): boolean {
    return this.#bytesRead === envelopeBytes;
  }

  /** Reads on in a chunk; returns where the header, or the chunk, ends. */
  read(chunk: Buffer, start: number): number {
    if (this.#bytesRead === 0 && chunk.length - start >= envelopeBytes) {
      this.flags = chunk[start] as number;
      this.length = chunk.readUInt32BE(start + 1);
      this.#bytesRead = envelopeBytes;
      return start + envelopeBytes;
    }
    return this.#readByByte(chunk, start);
  }

  /** Begins with the next envelope. */
  reset(): void {
    this.#bytesRead = 0;
  }

  /** To be called when the stream ended: MALFORMED_BODY where that was within an envelope. */
  end(): void {
    if (this.#bytesRead > 0) throw malformedStream('the stream ended within a message');
  }

  #readByByte(chunk: Buffer, start: number): number {
    let at = start;
    while (at < chunk.length && this.#bytesRead < envelopeBytes) {
      const byte = chunk[at] as number;
      if (this.#bytesRead === 0) {
        this.flags = byte;
        this.length = 0;
      } else {
        // No shift: it would make the length a signed number.
        this.length = this.length * 256 + byte;
      }
      this.#bytesRead++;
      at++;
    }
    return at;
  }
}
