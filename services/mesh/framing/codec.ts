import { promisify } from 'node:util';
import {
  brotliCompress,
  brotliCompressSync,
  brotliDecompress,
  brotliDecompressSync,
  constants,
  deflate,
  deflateSync,
  gunzip,
  gunzipSync,
  gzip,
  gzipSync,
  inflate,
  inflateSync,
  zstdCompress,
  zstdCompressSync,
  zstdDecompress,
  zstdDecompressSync,
} from 'node:zlib';

/** What bounds an inflation; `info` lets node:zlib say how much of its input it read. */
export interface InflateOptions {
  readonly maxOutputLength: number;
  readonly chunkSize: number;
  readonly info: true;
}

/** What node:zlib gives where `info` is asked for. Its types know only of a plain Buffer. */
export interface Inflated {
  readonly buffer: Buffer;
  readonly engine: { readonly bytesWritten: number };
}

/** A compression as node:zlib has it: at once, or on the thread pool. */
export interface Codec {
  /** False where a few bytes may take long before a limit stops them. */
  readonly isBoundedAtOnce: boolean;
  inflateSync(bytes: Uint8Array, options: InflateOptions): Inflated;
  inflate(bytes: Uint8Array, options: InflateOptions): Promise<Inflated>;
  deflateSync(bytes: Uint8Array): Buffer;
  deflate(bytes: Uint8Array): Promise<Buffer>;
}

// Fast levels: the edge would rather send a few bytes more than spend its core.
const fast = { level: constants.Z_BEST_SPEED };
const fastBrotli = { params: { [constants.BROTLI_PARAM_QUALITY]: 4 } };
const fastZstd = { params: { [constants.ZSTD_c_compressionLevel]: 1 } };
// A frame says how large a window it wants, and would be given 128 MiB; RFC 9659 lets it ask for 8.
const smallWindow = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

type Inflate = (bytes: Uint8Array, options: InflateOptions) => Promise<Inflated>;
type InflateSync = (bytes: Uint8Array, options: InflateOptions) => Inflated;

const [gunzipLater, inflateLater, unbrotliLater, unzstdLater] = [
  promisify(gunzip) as unknown as Inflate,
  promisify(inflate) as unknown as Inflate,
  promisify(brotliDecompress) as unknown as Inflate,
  promisify(zstdDecompress) as unknown as Inflate,
];
const [gzipLater, deflateLater, brotliLater, zstdLater] = [
  promisify(gzip),
  promisify(deflate),
  promisify(brotliCompress),
  promisify(zstdCompress),
];

/** The compressions by their names on the wire. */
export const codecs = {
  gzip: {
    isBoundedAtOnce: true,
    inflateSync: gunzipSync as unknown as InflateSync,
    inflate: gunzipLater,
    deflateSync: (bytes) => gzipSync(bytes, fast),
    deflate: (bytes) => gzipLater(bytes, fast),
  },
  br: {
    // Fills its window, up to 16 MiB, before it lets go of the first byte: 14 bytes hold the event loop for 12 ms.
    isBoundedAtOnce: false,
    inflateSync: brotliDecompressSync as unknown as InflateSync,
    inflate: unbrotliLater,
    deflateSync: (bytes) => brotliCompressSync(bytes, fastBrotli),
    deflate: (bytes) => brotliLater(bytes, fastBrotli),
  },
  // zlib's format, as in HTTP, not the bare one.
  deflate: {
    isBoundedAtOnce: true,
    inflateSync: inflateSync as unknown as InflateSync,
    inflate: inflateLater,
    deflateSync: (bytes) => deflateSync(bytes, fast),
    deflate: (bytes) => deflateLater(bytes, fast),
  },
  zstd: {
    isBoundedAtOnce: true,
    inflateSync: (bytes, options) =>
      zstdDecompressSync(bytes, { ...smallWindow, ...options }) as unknown as Inflated,
    inflate: (bytes, options) => unzstdLater(bytes, { ...smallWindow, ...options } as InflateOptions),
    deflateSync: (bytes) => zstdCompressSync(bytes, fastZstd),
    deflate: (bytes) => zstdLater(bytes, fastZstd),
  },
} as const satisfies Record<string, Codec>;
