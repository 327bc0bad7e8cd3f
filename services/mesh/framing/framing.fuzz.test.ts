import { describe, expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { Base64Decoder, encodeBase64 } from './base64-stream.ts';
import { type Compression, compressions, deflate, inflate } from './compression.ts';
import { envelopeFlags, frame } from './envelope.ts';
import { EnvelopeReader } from './envelope-reader.ts';
import { EnvelopeScanner } from './envelope-scanner.ts';
import { FrameTransformer } from './frame-transformer.ts';
import { cut, readAll, reasonOf, reasonOfError, someBytes, someChunkSizes } from './testing.ts';

/** Every failure is one of these; INTERNAL would be an error that is none of ours. */
const expectedReasons = [undefined, 'MALFORMED_BODY', 'MESSAGE_TOO_LARGE'];
const messageBytesMax = 10_000;
const inflatedBytesMax = 40_000;

const someCompression = fc.constantFrom(...compressions);
const somePayload = fc.oneof(
  someBytes(200),
  fc.integer({ min: 1, max: 100_000 }).map((size) => Buffer.alloc(size, 'abc')),
);

/** A compressed message, made when it is needed, for that may take a thread. */
const someMessage = fc.record({ compression: someCompression, payload: somePayload, flags: fc.nat(3) });

/** What is done to valid bytes: a byte changed, some left out, others put in, somewhere from 0 to 1. */
const someDamage = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  leftOut: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(30)),
  putIn: someBytes(4),
});
type Damage = typeof someDamage extends fc.Arbitrary<infer T> ? T : never;

function damaged(bytes: Buffer, damages: readonly Damage[]): Buffer {
  return damages.reduce((whole, { place, leftOut, putIn }) => {
    const at = Math.floor(place * whole.length);
    return Buffer.concat([whole.subarray(0, at), putIn, whole.subarray(at + leftOut)]);
  }, bytes);
}

/** A stream that was valid before it was damaged, or bytes that never were. */
const someStream = fc.oneof(
  { weight: 1, arbitrary: someBytes(300).map((bytes) => async () => bytes) },
  {
    weight: 4,
    arbitrary: fc
      .tuple(fc.array(someMessage, { minLength: 1, maxLength: 5 }), fc.array(someDamage, { maxLength: 3 }))
      .map(([messages, damages]) => async () => {
        const parts = messages.map(async ({ compression, payload, flags }) =>
          frame(await deflate(compression, payload), flags),
        );
        return damaged(Buffer.concat(await Promise.all(parts)), damages);
      }),
  },
);

/** Sends the stream through a transformer that inflates: how it ended, and the bytes that came out. */
function transform(chunks: readonly Buffer[], compression: Compression, bytesMax = inflatedBytesMax) {
  return new Promise<{ reason: string | undefined; lengths: number[] }>((resolve) => {
    const lengths: number[] = [];
    const transformer = new FrameTransformer({
      messageBytesMax,
      transform: (flags, payload) =>
        (flags & envelopeFlags.compressed) === 0 ? payload : inflate(compression, payload, bytesMax),
      onFrame: (bytes) => lengths.push(bytes.length),
      onEnd: () => resolve({ reason: undefined, lengths }),
      onError: (error) => resolve({ reason: reasonOfError(error), lengths }),
    });
    for (const chunk of chunks) transformer.push(chunk);
    transformer.end();
  });
}

describe('whatever comes', () => {
  it('reader, scanner and transformer read it or refuse it, and agree', async () => {
    const seen = new Set<string | undefined>();
    await fc.assert(
      fc.asyncProperty(someStream, someChunkSizes, someCompression, async (create, sizes, compression) => {
        const chunks = cut(await create(), sizes);
        const reader = new EnvelopeReader(messageBytesMax);
        const scanner = new EnvelopeScanner({ flagsAllowed: 0xff, messageBytesMax });
        const read = reasonOf(() => {
          readAll(reader, chunks);
          reader.end();
        });
        const scanned = reasonOf(() => {
          for (const chunk of chunks) scanner.scan(chunk);
          scanner.end();
        });
        expect(expectedReasons).toContain(read);
        expect(scanned).toBe(read);

        const { reason, lengths } = await transform(chunks, compression);
        expect(expectedReasons).toContain(reason);
        // What the reader refuses, the transformer does not take; it may refuse a payload before.
        if (read !== undefined) expect(reason).toBeDefined();
        if (reason === undefined) expect(lengths).toHaveLength(scanner.messages);
        expect(Math.max(0, ...lengths)).toBeLessThanOrEqual(inflatedBytesMax);
        seen.add(reason);
      }),
      { seed: 1, numRuns: 300 },
    );
    // All three ways out were taken: the streams are neither all valid nor all broken at once.
    expect(seen).toEqual(new Set(expectedReasons));
  });

  it('inflate gives at most the limit or refuses', async () => {
    const seen = new Set<string>();
    const damages = fc.array(someDamage, { maxLength: 2 });
    await fc.assert(
      fc.asyncProperty(someMessage, damages, someCompression, async (message, wrong, compression) => {
        const valid = await deflate(message.compression, message.payload);
        for (const name of [message.compression, compression]) {
          let outcome = 'inflated';
          try {
            const bytes = await inflate(name, damaged(valid, wrong), inflatedBytesMax);
            expect(bytes.length).toBeLessThanOrEqual(inflatedBytesMax);
          } catch (thrown) {
            outcome = reasonOfError(thrown) ?? '';
          }
          expect(['inflated', ...expectedReasons]).toContain(outcome);
          seen.add(outcome);
        }
      }),
      { seed: 2, numRuns: 300 },
    );
    expect(seen).toEqual(new Set(['inflated', 'MALFORMED_BODY', 'MESSAGE_TOO_LARGE']));
  });

  it('base64 gives at most three bytes for four characters or refuses', () => {
    const text = fc.tuple(fc.array(someBytes(30), { maxLength: 4 }), fc.array(someDamage, { maxLength: 2 }));
    fc.assert(
      fc.property(text, someChunkSizes, ([blocks, damages], sizes) => {
        const chunks = cut(damaged(Buffer.concat(blocks.map(encodeBase64)), damages), sizes);
        const decoder = new Base64Decoder();
        let bytes = 0;
        const reason = reasonOf(() => {
          for (const chunk of chunks) bytes += decoder.decode(chunk).length;
          decoder.end();
        });
        expect([undefined, 'MALFORMED_BODY']).toContain(reason);
        expect(bytes).toBeLessThanOrEqual((chunks.reduce((sum, { length }) => sum + length, 0) / 4) * 3);
      }),
      { seed: 3, numRuns: 1000 },
    );
  });

  it('no message is held once it is out', async () => {
    const before = process.memoryUsage().rss;
    const bytes = 2_000_000;
    const chunks = cut(
      frame(await deflate('gzip', Buffer.alloc(bytes)), envelopeFlags.compressed),
      [1000, 7],
    );
    const answers = [];
    // 320 MB in all.
    for (let round = 0; round < 16; round++) {
      const streams = Array.from({ length: 10 }, () => transform(chunks, 'gzip', bytes));
      answers.push(...(await Promise.all(streams)));
    }
    for (const answer of answers) expect(answer).toEqual({ reason: undefined, lengths: [bytes] });
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * 2 ** 20);
  });
});
