const firstBytes = 4_096;

/** Bytes that grow at their end; little-endian, as Parquet has them. */
export class ByteSink {
  #bytes = Buffer.allocUnsafe(firstBytes);
  #view = viewOf(this.#bytes);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What was written, valid until more is. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  /** Forgets what was written and keeps the room. */
  clear(): void {
    this.#length = 0;
  }

  byte(value: number): void {
    const at = this.#take(1);
    this.#bytes[at] = value;
  }

  int32(value: number): void {
    const at = this.#take(4);
    this.#view.setInt32(at, value, true);
  }

  /** A 64-bit integer from a number that is a safe integer. */
  int64(value: number): void {
    const at = this.#take(8);
    const high = Math.floor(value / 2 ** 32);
    this.#view.setInt32(at, value - high * 2 ** 32, true);
    this.#view.setInt32(at + 4, high, true);
  }

  bigInt64(value: bigint): void {
    const at = this.#take(8);
    this.#view.setBigInt64(at, BigInt.asIntN(64, value), true);
  }

  float(value: number): void {
    const at = this.#take(4);
    this.#view.setFloat32(at, value, true);
  }

  double(value: number): void {
    const at = this.#take(8);
    this.#view.setFloat64(at, value, true);
  }

  raw(source: Buffer): void {
    const at = this.#take(source.length);
    this.#bytes.set(source, at);
  }

  /** Bytes with their length in front. */
  sized(source: Uint8Array, start: number, end: number): void {
    const length = end - start;
    const at = this.#take(4 + length);
    this.#view.setInt32(at, length, true);
    if (length <= 16) {
      for (let index = 0; index < length; index += 1) {
        this.#bytes[at + 4 + index] = source[start + index] as number;
      }
    } else {
      this.#bytes.set(source.subarray(start, end), at + 4);
    }
  }

  /** A text with the length of its UTF-8 in front. */
  sizedText(value: string): void {
    const length = Buffer.byteLength(value);
    const at = this.#take(4 + length);
    this.#view.setInt32(at, length, true);
    this.#bytes.write(value, at + 4);
  }

  #take(bytes: number): number {
    const at = this.#length;
    const needed = at + bytes;
    if (needed > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, 2 * this.#bytes.length));
      this.#bytes.copy(grown, 0, 0, at);
      this.#bytes = grown;
      this.#view = viewOf(grown);
    }
    this.#length = needed;
    return at;
  }
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
