/** Chunks of this size are kept as they are; smaller ones are copied together. */
const keptBytesMin = 4_096;
const blockBytesMin = 1_024;
const blockBytesMax = 16_384;

/**
 * Data that waits. What it holds of memory is bounded by its bytes: ten thousand chunks of a byte, or a small view of a
 * large buffer, would hold far more.
 */
export class ChunkQueue {
  bytes = 0;
  readonly #chunks: Buffer[] = [];
  /** Small chunks side by side, after all of `#chunks`. */
  #block: Buffer | undefined;
  #blockBytes = 0;

  push(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (chunk.length >= keptBytesMin && chunk.buffer.byteLength <= 4 * chunk.length) {
      this.#seal();
      this.#chunks.push(chunk);
      return;
    }
    for (let at = 0; at < chunk.length; ) at += this.#append(chunk, at);
  }

  /** All that waits, in order. */
  get chunks(): readonly Buffer[] {
    this.#seal();
    return this.#chunks;
  }

  /** Takes the first chunk, which may be several that were put in. Undefined where there is none. */
  shift(): Buffer | undefined {
    if (this.#chunks.length === 0) this.#seal();
    const chunk = this.#chunks.shift();
    if (chunk) this.bytes -= chunk.length;
    return chunk;
  }

  /** Puts back what is left of a chunk that was taken. */
  unshift(chunk: Buffer): void {
    this.bytes += chunk.length;
    this.#chunks.unshift(chunk);
  }

  #append(chunk: Buffer, at: number): number {
    if (this.#block?.length === this.#blockBytes) this.#seal();
    // Which counts this chunk already: the blocks grow with what waits.
    this.#block ??= Buffer.allocUnsafeSlow(Math.max(blockBytesMin, Math.min(this.bytes, blockBytesMax)));
    const copied = chunk.copy(this.#block, this.#blockBytes, at);
    this.#blockBytes += copied;
    return copied;
  }

  #seal(): void {
    if (!this.#block) return;
    const used = this.#block.subarray(0, this.#blockBytes);
    this.#chunks.push(used.length * 2 < this.#block.length ? copyOf(used) : used);
    this.#block = undefined;
    this.#blockBytes = 0;
  }
}

/** The same bytes in memory of their own. */
function copyOf(bytes: Buffer): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(copy);
  return copy;
}
