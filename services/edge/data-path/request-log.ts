/** The most bytes of requests that are kept to send them again. A single message of the default limit fits. */
const keptBytesMax = 4 * 2 ** 20 + 5;

const nothing: readonly Buffer[] = [];

/** The requests of a call as they came, kept until its answer begins: to route by them, and to send them again. */
export class RequestLog {
  #chunks: Buffer[] = [];
  #isForgotten = false;
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

  /** Everything so far in one piece. */
  read(): Buffer {
    const [first = Buffer.alloc(0), ...more] = this.#chunks;
    if (more.length === 0) return first;
    const whole = Buffer.concat([first, ...more]);
    this.#chunks = [whole];
    return whole;
  }

  forget(): void {
    this.#isForgotten = true;
    this.#chunks = [];
  }
}
