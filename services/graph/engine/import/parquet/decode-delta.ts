import { readPacked } from './levels.ts';
import { ParquetInvalid } from './parquet-invalid.ts';

const lengthBytes = 4;

/** Numbers of DELTA_BINARY_PACKED, and where they end. */
export interface DeltaNumbers {
  readonly numbers: BigInt64Array;
  readonly end: number;
}

/** Reads DELTA_BINARY_PACKED: a first number, then blocks of differences. Throws ParquetInvalid. */
export function readDeltas(bytes: Buffer, count: number): DeltaNumbers {
  const at = { at: 0 };
  const blockSize = readVarint(bytes, at);
  const miniBlocks = readVarint(bytes, at);
  const stated = readVarint(bytes, at);
  const miniSize = Number(blockSize) / Number(miniBlocks);
  if (stated !== BigInt(count) || blockSize > 65_536n || !Number.isInteger(miniSize) || miniSize % 8 !== 0) {
    throw new ParquetInvalid('a page has differences of an unknown form');
  }
  const numbers = new BigInt64Array(count);
  let last = readZigzag(bytes, at);
  if (count > 0) numbers[0] = last;
  for (let next = 1; next < count; ) {
    const least = readZigzag(bytes, at);
    const widths = bytes.subarray(at.at, at.at + Number(miniBlocks));
    at.at += Number(miniBlocks);
    for (const width of widths) {
      // What follows the last number is not there.
      if (next >= count) break;
      const packed = bytes.subarray(at.at, at.at + (width * miniSize) / 8);
      const wanted = Math.min(miniSize, count - next);
      for (const difference of readPacked(packed, width, wanted)) {
        last = BigInt.asIntN(64, last + least + difference);
        numbers[next] = last;
        next += 1;
      }
      at.at += packed.length;
    }
    if (widths.length < Number(miniBlocks)) throw new ParquetInvalid('a page is cut off');
  }
  return { numbers, end: at.at };
}

/** DELTA_BINARY_PACKED as the plain encoding has it, in so many bytes a number. */
export function plainOfDeltas(bytes: Buffer, count: number, width: number): Buffer {
  const { numbers } = readDeltas(bytes, count);
  if (width === 8) return Buffer.from(numbers.buffer);
  const out = Buffer.allocUnsafe(count * width);
  numbers.forEach((number, index) => {
    out.writeInt32LE(Number(BigInt.asIntN(32, number)), index * width);
  });
  return out;
}

/** DELTA_LENGTH_BYTE_ARRAY, all lengths and then all bytes, as the plain encoding has it. */
export function plainOfDeltaLengths(bytes: Buffer, count: number): Buffer {
  return sized(toSlices(bytes, count));
}

/** DELTA_BYTE_ARRAY, what a value has in common with the last one and what not, as the plain encoding has it. */
export function plainOfDeltaBytes(bytes: Buffer, count: number, hasLengths: boolean): Buffer {
  const { numbers: prefixes, end } = readDeltas(bytes, count);
  const suffixes = toSlices(bytes.subarray(end), count);
  let last: Buffer = Buffer.alloc(0);
  let total = 0;
  const values = suffixes.map((suffix, index) => {
    const prefix = Number(prefixes[index]);
    if (prefix < 0 || prefix > last.length)
      throw new ParquetInvalid('a page has a beginning that is not there');
    total += prefix + suffix.length;
    if (total > plainBytesMax) throw new ParquetInvalid('a page is larger than it may be');
    last = prefix === 0 ? suffix : Buffer.concat([last.subarray(0, prefix), suffix]);
    return last;
  });
  return hasLengths ? sized(values) : Buffer.concat(values);
}

/** Bytes of the values of one page: beginnings in common make any number of them from a few. */
const plainBytesMax = 256 * 2 ** 20;

/** BYTE_STREAM_SPLIT, the first bytes of all values and then the second ones, as the plain encoding has it. */
export function plainOfSplitStreams(bytes: Buffer, count: number, width: number): Buffer {
  if (bytes.length < count * width) throw new ParquetInvalid('a page is cut off');
  const out = Buffer.allocUnsafe(count * width);
  for (let byte = 0; byte < width; byte += 1) {
    for (let index = 0; index < count; index += 1)
      out[index * width + byte] = bytes[byte * count + index] as number;
  }
  return out;
}

function toSlices(bytes: Buffer, count: number): Buffer[] {
  const { numbers, end } = readDeltas(bytes, count);
  let at = end;
  return Array.from(numbers, (length) => {
    const start = at;
    at += Number(length);
    if (length < 0n || at > bytes.length) throw new ParquetInvalid('a page is cut off');
    return bytes.subarray(start, at);
  });
}

function sized(values: readonly Buffer[]): Buffer {
  const out = Buffer.allocUnsafe(values.reduce((sum, { length }) => sum + lengthBytes + length, 0));
  let at = 0;
  for (const value of values) {
    out.writeUInt32LE(value.length, at);
    value.copy(out, at + lengthBytes);
    at += lengthBytes + value.length;
  }
  return out;
}

function readZigzag(bytes: Buffer, at: { at: number }): bigint {
  const value = readVarint(bytes, at);
  return BigInt.asIntN(64, value & 1n ? -((value + 1n) >> 1n) : value >> 1n);
}

function readVarint(bytes: Buffer, at: { at: number }): bigint {
  let value = 0n;
  for (let shift = 0n; shift < 70n; shift += 7n) {
    const byte = bytes[at.at];
    if (byte === undefined) throw new ParquetInvalid('a page is cut off');
    at.at += 1;
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return value;
  }
  throw new ParquetInvalid('a page has a number that is too long');
}
