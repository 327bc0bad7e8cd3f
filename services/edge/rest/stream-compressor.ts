import { once } from 'node:events';
import { constants, createBrotliCompress, createGzip, createZstdCompress } from 'node:zlib';
import type { Compression } from '../../mesh/framing/compression.ts';

/** Compresses a body in parts, each of which can be read as soon as it is sent. */
export interface StreamCompressor {
  /** The bytes that say the part. To be called again only when they came. */
  part(content: string | Uint8Array): Promise<Buffer>;
  /** The bytes that end the body. */
  end(): Promise<Buffer>;
  /** Lets go of its memory; to be called in any case. */
  close(): void;
}

// Small windows: a stream may be open for long, and there may be many: 0.1 to 0.3 MiB each.
const windowBits = 15;
const compressors = {
  gzip: () => createGzip({ level: constants.Z_BEST_SPEED, memLevel: 7, flush: constants.Z_SYNC_FLUSH }),
  br: () => {
    const { BROTLI_PARAM_LGWIN, BROTLI_PARAM_QUALITY, BROTLI_OPERATION_FLUSH } = constants;
    const params = { [BROTLI_PARAM_LGWIN]: windowBits, [BROTLI_PARAM_QUALITY]: 3 };
    return createBrotliCompress({ params, flush: BROTLI_OPERATION_FLUSH });
  },
  zstd: () => {
    const { ZSTD_c_windowLog, ZSTD_c_compressionLevel, ZSTD_e_flush } = constants;
    const params = { [ZSTD_c_windowLog]: windowBits, [ZSTD_c_compressionLevel]: 1 };
    return createZstdCompress({ params, flush: ZSTD_e_flush });
  },
} as const;

/** True for compressions that streams may have. */
export function isStreamCompression(compression: Compression): compression is keyof typeof compressors {
  return Object.hasOwn(compressors, compression);
}

/** A compressor of one body. Works on the thread pool. */
export function createStreamCompressor(compression: keyof typeof compressors): StreamCompressor {
  const stream = compressors[compression]();
  let chunks: Buffer[] = [];
  // Who waits for a part hears of it there.
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => chunks.push(chunk));
  const take = (): Buffer => {
    const taken = Buffer.concat(chunks);
    chunks = [];
    return taken;
  };
  return {
    part: (content) => {
      return new Promise((resolve, reject) => {
        // Every write is flushed, so that its bytes are there when it is done.
        stream.write(content, (error) => {
          // What the stream holds back for the next turn is given out now, as `data`.
          while (stream.read() !== null);
          if (error) reject(error);
          else resolve(take());
        });
      });
    },
    end: async () => {
      const ended = once(stream, 'end');
      stream.end();
      await ended;
      return take();
    },
    close: () => stream.destroy(),
  };
}
