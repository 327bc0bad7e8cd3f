import { ParquetInvalid } from './parquet-invalid.ts';

/** Bits that hold every number up to this one. */
export function bitWidth(most: number): number {
  return 32 - Math.clz32(most);
}

/** Reads so many numbers of Parquet's hybrid of runs and packed bits. Throws ParquetInvalid. */
export function readHybrid(bytes: Buffer, width: number, count: number): Uint32Array {
  const out = new Uint32Array(count);
  if (width > 32) throw new ParquetInvalid('a page has numbers that are too wide');
  let at = 0;
  for (let length = 0; length < count; ) {
    let header = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined || shift > 28) throw new ParquetInvalid('a page is cut off');
      at += 1;
      header += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const size = Math.floor(header / 2);
    if (header % 2 === 1) {
      const wanted = Math.min(size * 8, count - length);
      unpack(bytes.subarray(at, at + size * width), width, out.subarray(length, length + wanted));
      at += size * width;
      length += wanted;
    } else {
      const width8 = Math.ceil(width / 8);
      if (size === 0 || at + width8 > bytes.length) throw new ParquetInvalid('a page is cut off');
      const value = width8 === 0 ? 0 : bytes.readUIntLE(at, width8);
      at += width8;
      out.fill(value, length, Math.min(count, length + size));
      length += size;
    }
  }
  return out;
}

function unpack(bytes: Buffer, width: number, out: Uint32Array): void {
  if (bytes.length * 8 < width * out.length) throw new ParquetInvalid('a page is cut off');
  let at = 0;
  let held = 0;
  let heldBits = 0;
  for (let index = 0; index < out.length; index += 1) {
    // Not by shifts, which end at 32 bits.
    while (heldBits < width) {
      held += (bytes[at] as number) * 2 ** heldBits;
      at += 1;
      heldBits += 8;
    }
    const size = 2 ** width;
    out[index] = held % size;
    held = Math.floor(held / size);
    heldBits -= width;
  }
}

/** Reads so many packed numbers of up to 64 bits. Throws ParquetInvalid. */
export function readPacked(bytes: Buffer, width: number, count: number): BigInt64Array {
  if (width > 64 || bytes.length * 8 < width * count) throw new ParquetInvalid('a page is cut off');
  const out = new BigInt64Array(count);
  if (width <= 32) {
    const small = new Uint32Array(count);
    unpack(bytes, width, small);
    small.forEach((value, index) => {
      out[index] = BigInt(value);
    });
    return out;
  }
  let at = 0;
  let held = 0n;
  let heldBits = 0;
  for (let index = 0; index < count; index += 1) {
    while (heldBits < width) {
      held |= BigInt(bytes[at] as number) << BigInt(heldBits);
      at += 1;
      heldBits += 8;
    }
    out[index] = BigInt.asIntN(64, BigInt.asUintN(width, held));
    held >>= BigInt(width);
    heldBits -= width;
  }
  return out;
}
