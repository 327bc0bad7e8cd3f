const noBytes: Buffer = Buffer.alloc(0);
const twoTo28 = 2 ** 28;
const twoTo35 = 2 ** 35;
const twoTo36 = 2 ** 36;

/**
 * Reads protobuf's wire form without making anything of it. What is cut off or too long takes it beyond the end of the
 * bytes, which is for the caller to see: `at` is then not where the part ends.
 */
export class WireCursor {
  bytes: Buffer = noBytes;
  at = 0;
  // The bits of the last long varint: 28, and the 36 above them.
  #low = 0;
  #upper = 0;

  /** Goes to the start of other bytes, or lets go of those that it has. */
  open(bytes = noBytes): void {
    this.bytes = bytes;
    this.at = 0;
  }

  /** Reads this tag of one byte if it comes next, before `end`. */
  reads(tag: number, end: number): boolean {
    if (this.at >= end || this.bytes[this.at] !== tag) return false;
    this.at += 1;
    return true;
  }

  /**
   * Where the message or text with this tag of one byte ends, if it comes next, before `end`; else -1, and nothing is
   * read. Also -1, beyond all bytes, where it would end after `end`.
   */
  enter(tag: number, end: number): number {
    if (!this.reads(tag, end)) return -1;
    const length = this.unsigned();
    if (this.at + length <= end) return this.at + length;
    this.at = this.bytes.length + 1;
    return -1;
  }

  /** A varint as uint64; rounded where it is no safe integer. */
  unsigned(): number {
    const { bytes } = this;
    const first = bytes[this.at++] ?? 0;
    if (first < 0x80) return first;
    this.#low = first & 0x7f;
    for (let shift = 7; shift < 28; shift += 7) {
      const byte = bytes[this.at++] ?? 0;
      this.#low |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#low;
    }
    let middle = 0;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = bytes[this.at++] ?? 0;
      middle |= (byte & 0x7f) << shift;
      if (byte < 0x80) return this.#long(middle);
    }
    const ninth = bytes[this.at++] ?? 0;
    const tenth = ninth < 0x80 ? 0 : (bytes[this.at++] ?? 0);
    if (tenth >= 0x80) this.at = bytes.length + 1;
    return this.#long(middle + ((ninth & 0x7f) | ((tenth & 1) << 7)) * twoTo28);
  }

  /** A varint as int64; rounded where it is no safe integer. */
  signed(): number {
    const unsigned = this.unsigned();
    if (unsigned <= Number.MAX_SAFE_INTEGER) return unsigned;
    if (this.#upper >= twoTo35) this.#upper -= twoTo36;
    return this.#upper * twoTo28 + this.#low;
  }

  /** The varint that was just read as this integer, with the bits that were rounded away. */
  exact(integer: number): bigint {
    if (Number.isSafeInteger(integer)) return BigInt(integer);
    return BigInt(this.#upper) * BigInt(twoTo28) + BigInt(this.#low);
  }

  #long(upper: number): number {
    this.#upper = upper;
    return upper * twoTo28 + this.#low;
  }
}
