import { envelopeBytes } from '../framing/envelope.ts';

/** The most bytes of requests that are kept to send them again. A single message of the default limit fits. */
const keptBytesMax = 4 * 2 ** 20 + 5;

const nothing: readonly Buffer[] = [];

/** The requests of a call as they came, kept until its answer begins: to route by them, and to send them again. */
export class RequestLog {
  #chunks: Buffer[] = [];
  #isForgotten = false;
  /** The bytes of the first message with its envelope, once they are known. */
  #firstBytes: number | undefined;
  /** The bytes that came so far. */
  bytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (!this.#isForgotten) this.#chunks.push(chunk);
  }

  /** What is kept. */
  get chunks(): readonly Buffer[] {
    return this.#isForgotten ? nothing : this.#chunks;
  }

  /** False where something that came is not kept any more: then the call cannot be made again. */
  get isWhole(): boolean {
    return !this.#isForgotten;
  }

  /** Frees what is kept where it has become too much to keep. To be called once it was sent. */
  trim(): void {
    if (this.bytes > keptBytesMax) this.forget();
  }

  /** True once the whole first message is here. */
  get hasFirst(): boolean {
    // Looked at once: who sends single bytes must not have them joined again and again.
    if (this.#firstBytes === undefined && this.bytes >= envelopeBytes) {
      this.#firstBytes = envelopeBytes + this.join().readUInt32BE(1);
    }
    return this.#firstBytes !== undefined && this.bytes >= this.#firstBytes;
  }

  /** Everything so far in one piece. */
  join(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.#chunks;
    if (more.length === 0) return first;
    const joined = Buffer.concat([first, ...more]);
    this.#chunks = [joined];
    return joined;
  }

  forget(): void {
    this.#isForgotten = true;
    this.#chunks = [];
  }
}
