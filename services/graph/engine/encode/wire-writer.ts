const twoTo32 = 2 ** 32;

/** Characters of text that are copied one by one; a call into the runtime costs more. */
const shortCharacters = 24;

/** Characters of text up to which room is made for the worst case; more are measured. */
const measuredCharacters = 4_096;

/** More bytes than the writer may hold. */
export class WireTooLarge extends Error {
  override readonly name = 'WireTooLarge';
}

/**
 * Writes protobuf's wire form. A message within another begins with `open`, which leaves one byte for its length, and
 * ends with `close`, which moves the message where that is not enough: nearly all are shorter than 128 bytes.
 */
export class WireWriter {
  readonly #bytesMax: number;
  #bytes: Buffer;
  #at = 0;

  /** Throws WireTooLarge where it would need more than `bytesMax`; text needs up to 12 KiB more than it has. */
  constructor(bytesMax: number, capacity = 512) {
    this.#bytesMax = bytesMax;
    this.#bytes = Buffer.allocUnsafe(capacity);
  }

  /** Bytes written. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.#at = length;
  }

  /** A copy of the bytes from `start` on, up to `end`. */
  copy(start: number, end: number): Uint8Array {
    const bytes = Buffer.allocUnsafe(end - start);
    this.#bytes.copy(bytes, 0, start, end);
    return bytes;
  }

  /** All bytes, without a copy; the writer is of no more use. */
  take(): Uint8Array {
    return this.#bytes.subarray(0, this.#at);
  }

  /** Drops the first `length` bytes; what follows becomes the beginning. */
  shift(length: number): void {
    this.#bytes.copyWithin(0, length, this.#at);
    this.#at -= length;
  }

  /** A tag of one byte: field numbers up to 15. */
  tag(tag: number): void {
    this.#ensure(1);
    this.#bytes[this.#at++] = tag;
  }

  /** Begins a message, list or text whose length is not known yet. Returns what `close` needs. */
  open(tag: number): number {
    this.#ensure(2);
    this.#bytes[this.#at] = tag;
    this.#at += 2;
    return this.#at;
  }

  /** Ends what began at `start`. */
  close(start: number): void {
    const length = this.#at - start;
    if (length < 0x80) {
      this.#bytes[start - 1] = length;
      return;
    }
    const more = varintBytes(length) - 1;
    this.#ensure(more);
    this.#bytes.copyWithin(start + more, start, this.#at);
    this.#at = start - 1;
    this.#putVarint(length);
    this.#at += length;
  }

  /** An unsigned integer up to 2^53. */
  varint(value: number): void {
    this.#ensure(10);
    this.#putVarint(value);
  }

  /** An integer between -2^53 and 2^53, negative ones in ten bytes of two's complement. */
  signedVarint(value: number): void {
    if (value >= 0) this.varint(value);
    else this.#twosComplement(value >>> 0, Math.floor(value / twoTo32) >>> 0);
  }

  /** An integer of 64 bits, with sign or without. */
  bigVarint(value: bigint): void {
    const low = Number(BigInt.asUintN(32, value));
    const high = Number(BigInt.asUintN(32, value >> 32n));
    if (high === 0) this.varint(low);
    else this.#twosComplement(low, high);
  }

  /** Four bytes. */
  float(value: number): void {
    this.#ensure(4);
    this.#at = this.#bytes.writeFloatLE(value, this.#at);
  }

  /** Eight bytes. */
  double(value: number): void {
    this.#ensure(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  /** Text in UTF-8 with its length. */
  text(tag: number, text: string): void {
    const { length } = text;
    this.#ensure(6 + (length <= measuredCharacters ? 3 * length : Buffer.byteLength(text)));
    this.#bytes[this.#at++] = tag;
    const headBytes = varintBytes(length);
    const start = this.#at + headBytes;
    const written = length <= shortCharacters ? this.#ascii(text, start) : -1;
    const bytes = written === length ? length : this.#bytes.write(text, start);
    const bytesOfLength = varintBytes(bytes);
    if (bytesOfLength !== headBytes) {
      this.#bytes.copyWithin(this.#at + bytesOfLength, start, start + bytes);
    }
    this.#putVarint(bytes);
    this.#at += bytes;
  }

  /** Bytes with their length. */
  blob(tag: number, blob: Uint8Array): void {
    this.tag(tag);
    this.varint(blob.length);
    this.raw(blob);
  }

  /** Bytes that are in the wire form already. */
  raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** Makes no room: what stands behind it may not be moved. */
  #putVarint(value: number): void {
    let rest = value;
    while (rest > 0x7fffffff) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest = Math.floor(rest / 0x80);
    }
    while (rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  /** Copies text while it is ASCII; returns how far that was. */
  #ascii(text: string, start: number): number {
    const bytes = this.#bytes;
    for (let index = 0; index < text.length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return index;
      bytes[start + index] = code;
    }
    return text.length;
  }

  #twosComplement(low: number, high: number): void {
    this.#ensure(10);
    let rest = low;
    let restHigh = high;
    while (restHigh > 0 || rest > 0x7f) {
      this.#bytes[this.#at++] = (rest & 0x7f) | 0x80;
      rest = ((rest >>> 7) | (restHigh << 25)) >>> 0;
      restHigh >>>= 7;
    }
    this.#bytes[this.#at++] = rest;
  }

  #ensure(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed > this.#bytesMax) throw new WireTooLarge();
    const grown = Buffer.allocUnsafeSlow(Math.min(this.#bytesMax, Math.max(needed, 2 * this.#bytes.length)));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}

function varintBytes(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}
