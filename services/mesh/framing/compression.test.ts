import { brotliCompressSync, constants, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { fc } from '../properties.testing.ts';
import { type Compression, compressionOf, compressions, deflate, inflate } from './compression.ts';
import { reasonOf, reasonOfError, someBytes } from './testing.ts';

const mebibyte = 2 ** 20;
const compressed = compressions.filter((compression) => compression !== 'identity');

/** The reason why it fails, at once or later; undefined where it does not. */
async function failure(compression: Compression, bytes: Buffer, bytesMax: number) {
  try {
    await inflate(compression, bytes, bytesMax);
  } catch (thrown) {
    return reasonOfError(thrown);
  }
  return undefined;
}

/** Bytes that compress badly. */
function noise(length: number): Buffer {
  let state = 1;
  const bytes = Buffer.alloc(length);
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    bytes[at] = state >>> 24;
  }
  return bytes;
}

describe('compressionOf', () => {
  it('knows the supported names in any case, and identity where there is none', () => {
    for (const compression of compressions) {
      expect(compressionOf(compression)).toBe(compression);
      expect(compressionOf(` ${compression.toUpperCase()}`)).toBe(compression);
    }
    expect(compressionOf(undefined)).toBe('identity');
    expect(compressionOf('')).toBe('identity');
  });

  it.each(['snappy', 'gzip, br', 'constructor', 'x'.repeat(10_000)])(
    'refuses others as UNIMPLEMENTED and says what is supported',
    (name) => {
      expect(() => compressionOf(name)).toThrow(
        expect.objectContaining({
          code: Code.UNIMPLEMENTED,
          metadata: { supported: 'gzip,br,zstd,deflate,identity' },
        }) as Error,
      );
      expect(() => compressionOf(name)).toThrow(/^.{1,180}$/);
    },
  );
});

describe.each(compressions)('%s', (compression) => {
  it('gives back what it took, at any size', async () => {
    const sizes = fc.constantFrom(0, 1, 100, 16_384, 16_385, 65_536, 65_537, 300_000);
    await fc.assert(
      fc.asyncProperty(someBytes(50), sizes, fc.boolean(), async (piece, size, isNoise) => {
        const bytes = Buffer.concat([piece, isNoise ? noise(size) : Buffer.alloc(size, 'ab')]);
        const back = await inflate(compression, await deflate(compression, bytes), bytes.length + 1);
        expect(back.equals(bytes)).toBe(true);
      }),
      { seed: 1, numRuns: 30 },
    );
  });

  it('takes a message of exactly the limit and refuses one byte more', async () => {
    for (const size of [1, 1000, 65_536, 100_000]) {
      const bytes = await deflate(compression, noise(size));
      expect(await failure(compression, bytes, size)).toBeUndefined();
      if (size > 1) expect(await failure(compression, bytes, size - 1)).toBe('MESSAGE_TOO_LARGE');
    }
  });

  it('reads no bytes as an empty message', () => {
    expect(inflate(compression, Buffer.alloc(0), 10)).toEqual(Buffer.alloc(0));
  });
});

describe.each(compressed)('%s', (compression) => {
  it('refuses a message that is cut off anywhere', async () => {
    const bytes = await deflate(compression, noise(200));
    for (let length = 1; length < bytes.length; length++) {
      expect(await failure(compression, bytes.subarray(0, length), 1000)).toBe('MALFORMED_BODY');
    }
  });

  it('refuses large messages that are cut off, and bytes that are none', async () => {
    const large = await deflate(compression, noise(100_000));
    expect(await failure(compression, large.subarray(0, -1), mebibyte)).toBe('MALFORMED_BODY');
    expect(await failure(compression, Buffer.alloc(50_000, 0xff), mebibyte)).toBe('MALFORMED_BODY');
    expect(await failure(compression, Buffer.from('not compressed'), mebibyte)).toBe('MALFORMED_BODY');
  });

  it('refuses bytes after the end, at once and on the thread pool', async () => {
    for (const size of [100, 100_000]) {
      const bytes = Buffer.concat([await deflate(compression, noise(size)), Buffer.from('more')]);
      expect(await failure(compression, bytes, mebibyte)).toBe('MALFORMED_BODY');
    }
  });
});

it.each(['gzip', 'zstd', 'deflate'] as const)('%s answers small messages at once', async (compression) => {
  const bytes = await deflate(compression, noise(1000));
  expect(deflate(compression, noise(1000))).toBeInstanceOf(Buffer);
  expect(inflate(compression, bytes, 1000)).toBeInstanceOf(Buffer);
  expect(reasonOf(() => inflate(compression, bytes, 999))).toBe('MESSAGE_TOO_LARGE');
});

describe('what would hold the event loop goes to the thread pool', () => {
  it.each(compressed)('%s: large messages', async (compression) => {
    const later = deflate(compression, noise(16_385));
    expect(later).toBeInstanceOf(Promise);
    const inflated = inflate(compression, await later, mebibyte);
    expect(inflated).toBeInstanceOf(Promise);
    expect(await inflated).toHaveLength(16_385);
  });

  it.each(compressed)('%s: small messages that inflate to large ones', async (compression) => {
    const small = await deflate(compression, Buffer.alloc(mebibyte));
    expect(small.length).toBeLessThan(16_384);
    const inflated = inflate(compression, small, mebibyte);
    expect(inflated).toBeInstanceOf(Promise);
    expect(await inflated).toHaveLength(mebibyte);
  });

  it('br: every message, for a few bytes may fill a large window', async () => {
    const inflated = inflate('br', await deflate('br', Buffer.from('a')), 10);
    expect(inflated).toBeInstanceOf(Promise);
    expect(await inflated).toEqual(Buffer.from('a'));
  });
});

/** A zstd frame of blocks that say: this byte, 128 KiB of it. */
function zstdBomb(bytes: number, windowLog = 20): Buffer {
  const blocks = Array.from({ length: bytes / 131_072 }, (_, index) => {
    const isLast = index === bytes / 131_072 - 1 ? 1 : 0;
    const header = (131_072 << 3) | (1 << 1) | isLast;
    return [header & 0xff, (header >> 8) & 0xff, header >> 16, 0];
  });
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, (windowLog - 10) << 3, ...blocks.flat()]);
}

describe('bombs', () => {
  const limit = 4 * mebibyte;
  const gibibyte = 1024 * mebibyte;
  const zeros = Buffer.alloc(32 * mebibyte);
  const widest = { [constants.BROTLI_PARAM_QUALITY]: 5, [constants.BROTLI_PARAM_LGWIN]: 24 };
  const bombs: Record<string, () => [Buffer, number]> = {
    // Members one after the other are one stream: 1 GiB.
    gzip: () => [Buffer.concat(Array<Buffer>(32).fill(gzipSync(zeros))), mebibyte + 30_000],
    deflate: () => [deflateSync(zeros), 33_000],
    br: () => [brotliCompressSync(zeros, { params: widest }), 150],
    zstd: () => [zstdBomb(gibibyte), 33_000],
  };

  it.each(Object.entries(bombs))('%s: stops at the limit and holds little memory', async (name, create) => {
    const [bomb, bytesMax] = create();
    expect(bomb.length).toBeLessThan(bytesMax);
    const before = process.memoryUsage().rss;
    const held: number[] = [];
    const answers = Array.from({ length: 32 }, async () => {
      const reason = await failure(name as Compression, bomb, limit);
      held.push(process.memoryUsage().rss - before);
      return reason;
    });
    expect(new Set(await Promise.all(answers))).toEqual(new Set(['MESSAGE_TOO_LARGE']));
    // Four at a time, each with its window and its output, and some that nobody collected yet. Of brotli, all at once
    // would be 640 MiB.
    expect(Math.max(...held)).toBeLessThan(400 * mebibyte);
  });

  it('the bomb of zstd is one: it inflates to what it says', async () => {
    expect(await inflate('zstd', zstdBomb(8 * mebibyte), 8 * mebibyte)).toHaveLength(8 * mebibyte);
  });

  it('zstd refuses a window of more than 8 MiB, which it would have to set aside', async () => {
    // Too large to be inflated at once.
    const content = Buffer.concat([noise(20_000), zeros.subarray(0, 12 * mebibyte)]);
    const wide = (windowLog: number) =>
      zstdCompressSync(content, { params: { [constants.ZSTD_c_windowLog]: windowLog } });
    expect(await failure('zstd', wide(23), 16 * mebibyte)).toBeUndefined();
    expect(await failure('zstd', wide(24), 16 * mebibyte)).toBe('MALFORMED_BODY');
  });

  it('zstd refuses such a window at once, before it asks how much is in it', () => {
    const small = (windowLog: number) => () => inflate('zstd', zstdBomb(131_072, windowLog), 1000);
    expect(reasonOf(small(23))).toBe('MESSAGE_TOO_LARGE');
    expect(reasonOf(small(24))).toBe('MALFORMED_BODY');
  });
});
