import { envelopeBytes } from '../framing/envelope.ts';

/** The most bytes of requests that are kept to send them again. A single message of the default limit fits. */
const keptBytesMax = 4 * 2 ** 20 + 5;

/** Chunks kept as they came. Of those that follow, small ones are copied together: each costs as much as 170 bytes. */
const chunksAsCameMax = 16;
const smallBytesMax = 1_024;
const blockBytes = 16 * 1_024;

const nothing: readonly Buffer[] = [];
const noBlock = Buffer.alloc(0);

/** The requests of a call as they came, kept until its answer begins: to route by them, and to send them again. */
export class RequestLog {
  #chunks: Buffer[] = [];
  #isForgotten = false;
  /** The bytes of the first message with its envelope, once they are known. */
  #firstBytes: number | undefined;
  /** Small chunks side by side; the last chunk is a view of what of it is used. */
  #block: Buffer = noBlock;
  #blockUsed = 0;
  /** The bytes that came so far. */
  bytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#isForgotten) return;
    if (chunk.length <= smallBytesMax && this.#chunks.length >= chunksAsCameMax) this.#copy(chunk);
    else {
      this.#seal();
      this.#chunks.push(chunk);
    }
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
    this.#block = noBlock;
    return joined;
  }

  forget(): void {
    this.#isForgotten = true;
    this.#chunks = [];
    this.#block = noBlock;
  }

  /** Begins no more in this block; one that is mostly empty is given back. */
  #seal(): void {
    if (this.#block === noBlock) return;
    if (this.#blockUsed * 2 < blockBytes) this.#chunks.push(Buffer.from(this.#chunks.pop() ?? noBlock));
    this.#block = noBlock;
  }

  #copy(chunk: Buffer): void {
    if (this.#block === noBlock || this.#blockUsed + chunk.length > blockBytes) {
      this.#block = Buffer.allocUnsafeSlow(blockBytes);
      this.#blockUsed = 0;
    } else this.#chunks.pop();
    this.#block.set(chunk, this.#blockUsed);
    this.#blockUsed += chunk.length;
    this.#chunks.push(this.#block.subarray(0, this.#blockUsed));
  }
}
