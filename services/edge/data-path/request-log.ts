import { envelopeBytes } from '../../mesh/framing/envelope.ts';
import { ChunkQueue } from '../../mesh/http2/chunk-queue.ts';

/** The most bytes of requests that are kept to send them again. A single message of the default limit fits. */
const keptBytesMax = 4 * 2 ** 20 + 5;

/** Chunks kept as they came: most calls have no more. Of those that follow, small ones are put together. */
const chunksAsCameMax = 16;

const nothing: readonly Buffer[] = [];

/** The requests of a call as they came, kept until its answer begins: to route by them, and to send them again. */
export class RequestLog {
  #chunks: Buffer[] = [];
  #isForgotten = false;
  /** The bytes of the first message with its envelope, once they are known. */
  #firstBytes: number | undefined;
  #more: ChunkQueue | undefined;
  /** The bytes that came so far. */
  bytes = 0;

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.#isForgotten) return;
    if (this.#chunks.length < chunksAsCameMax) {
      this.#chunks.push(chunk);
      return;
    }
    this.#more ??= new ChunkQueue();
    this.#more.push(chunk);
  }

  /** What is kept. */
  get chunks(): readonly Buffer[] {
    if (this.#isForgotten) return nothing;
    return this.#more ? [...this.#chunks, ...this.#more.chunks] : this.#chunks;
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
    const { chunks } = this;
    const [first = Buffer.alloc(0)] = chunks;
    if (chunks.length < 2) return first;
    const joined = Buffer.concat(chunks);
    this.#chunks = [joined];
    this.#more = undefined;
    return joined;
  }

  forget(): void {
    if (this.#isForgotten) return;
    this.#isForgotten = true;
    this.#chunks = [];
    this.#more = undefined;
  }
}
