import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { ParquetInvalid } from './parquet-invalid.ts';

/** Parquet's numbers for the ways to compress that are read here. */
export const codecs: ReadonlySet<number> = new Set([0, 1, 2, 4, 6, 7]);

/** The bytes of a page, which must be exactly as many as its header says. Throws ParquetInvalid. */
export function decompress(codec: number, bytes: Buffer, size: number): Buffer {
  const inflated = inflate(codec, bytes, size);
  if (inflated.length === size) return inflated;
  throw new ParquetInvalid('a page has another size than it says');
}

function inflate(codec: number, bytes: Buffer, size: number): Buffer {
  const options = { maxOutputLength: Math.max(1, size) };
  try {
    switch (codec) {
      case 0:
        return bytes;
      case 1:
        return snappy(bytes, size);
      case 2:
        return gunzipSync(bytes, options);
      case 4:
        return brotliDecompressSync(bytes, options);
      case 6:
        return zstdDecompressSync(bytes, options);
      default:
        return lz4(bytes, size);
    }
  } catch {
    throw new ParquetInvalid('a page cannot be inflated');
  }
}

/** Snappy's format without framing. */
function snappy(bytes: Buffer, size: number): Buffer {
  let at = 0;
  let stated = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = byteAt(bytes, at);
    at += 1;
    stated += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (stated !== size) throw new RangeError('size');
  const out = new Copies(size);
  while (at < bytes.length) {
    const tag = byteAt(bytes, at);
    const kind = tag & 3;
    at += 1;
    if (kind === 0) {
      let length = (tag >> 2) + 1;
      if (length > 60) {
        const width = length - 60;
        length = bytes.readUIntLE(at, width) + 1;
        at += width;
      }
      out.literal(bytes, at, length);
      at += length;
    } else if (kind === 1) {
      out.copy(((tag >> 5) << 8) | byteAt(bytes, at), ((tag >> 2) & 7) + 4);
      at += 1;
    } else {
      const width = kind === 2 ? 2 : 4;
      out.copy(bytes.readUIntLE(at, width), (tag >> 2) + 1);
      at += width;
    }
  }
  return out.done();
}

/** One block of LZ4 without a frame. */
function lz4(bytes: Buffer, size: number): Buffer {
  const out = new Copies(size);
  let at = 0;
  const lengthFrom = (start: number) => {
    let length = start;
    for (let byte = start === 15 ? 255 : 0; byte === 255; ) {
      byte = byteAt(bytes, at);
      at += 1;
      length += byte;
    }
    return length;
  };
  while (at < bytes.length) {
    const token = byteAt(bytes, at);
    at += 1;
    const literals = lengthFrom(token >> 4);
    out.literal(bytes, at, literals);
    at += literals;
    if (at >= bytes.length) break;
    const distance = bytes.readUInt16LE(at);
    at += 2;
    out.copy(distance, lengthFrom(token & 15) + 4);
  }
  return out.done();
}

/** Bytes that are made of literals and of copies of what is there already. Throws RangeError. */
class Copies {
  readonly #out: Buffer;
  #length = 0;

  constructor(size: number) {
    this.#out = Buffer.alloc(size);
  }

  literal(source: Buffer, start: number, length: number): void {
    if (start + length > source.length || this.#length + length > this.#out.length)
      throw new RangeError('literal');
    source.copy(this.#out, this.#length, start, start + length);
    this.#length += length;
  }

  copy(distance: number, length: number): void {
    const start = this.#length - distance;
    if (distance === 0 || start < 0 || this.#length + length > this.#out.length) throw new RangeError('copy');
    // Byte by byte: what is copied may be what is being written.
    for (let index = 0; index < length; index += 1) {
      this.#out[this.#length + index] = this.#out[start + index] as number;
    }
    this.#length += length;
  }

  done(): Buffer {
    return this.#out.subarray(0, this.#length);
  }
}

function byteAt(bytes: Buffer, at: number): number {
  const byte = bytes[at];
  if (byte === undefined) throw new RangeError('end');
  return byte;
}
