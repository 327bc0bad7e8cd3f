import { describe, expect, it } from 'vitest';
import { fc } from '../../properties.testing.ts';
import { HpackDecoder } from './decoder.ts';
import { encodedBytesMax, HpackEncoder } from './encoder.ts';
import { isValidField } from './field.ts';
import { HpackError } from './hpack-error.ts';
import { createDecoder, someLatin1 } from './testing.ts';

const knownNames = [
  ':path',
  ':status',
  'content-type',
  'authorization',
  'x-request-id',
  'grpc-timeout',
  'te',
];
const someName = fc.oneof(fc.constantFrom(...knownNames, 'x-a', 'x-b'), someLatin1(40));
const someValue = fc.oneof(
  fc.constantFrom('', '200', '/', 'trailers', 'application/grpc', 'v'.repeat(300)),
  fc.nat(20).map((number) => `value ${number}`),
  someLatin1(200),
);
const someFields = fc.array(fc.tuple(someName, someValue), { maxLength: 12 }).map((fields) => fields.flat());
const someTableBytes = fc.constantFrom(0, 40, 100, 256, 1_000, 4_096, 20_000, 65_536);

/** Blocks, and what the peer's settings become before some of them. */
const someConnection = fc.array(
  fc.record({
    tableBytes: fc.option(fc.array(someTableBytes, { minLength: 1, maxLength: 3 })),
    fields: someFields,
  }),
  { maxLength: 30 },
);

describe('whatever is encoded', () => {
  it('is decoded to the same, through evictions and changes of the table', () => {
    fc.assert(
      fc.property(someConnection, someTableBytes, (blocks, tableBytesMax) => {
        const encoder = new HpackEncoder({ tableBytesMax });
        const decoder = new HpackDecoder({ tableBytesMax: 65_536, listBytesMax: 65_536 });
        for (const { tableBytes, fields } of blocks) {
          for (const bytes of tableBytes ?? []) encoder.setTableBytesMax(bytes);
          const block = encoder.encode(fields);
          expect(block.length).toBeLessThanOrEqual(encodedBytesMax(fields));
          expect(decoder.decode(block)).toEqual(fields);
          expect(decoder.isMalformed).toBe(!areValid(fields));
        }
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });
});

function areValid(fields: readonly string[]): boolean {
  return fields.every((name, index) => index % 2 === 1 || isValidField(name, fields[index + 1] ?? ''));
}

/** What is done to valid blocks: a byte changed, some left out, others put in, somewhere from 0 to 1. */
const someDamage = fc.record({
  place: fc.double({ min: 0, max: 1, noNaN: true }),
  leftOut: fc.nat(3),
  putIn: fc.uint8Array({ maxLength: 4 }),
});
const someBlocks = fc.oneof(
  { weight: 1, arbitrary: fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }) },
  {
    weight: 3,
    arbitrary: fc
      .tuple(fc.array(someFields, { maxLength: 10 }), fc.array(someDamage, { maxLength: 3 }))
      .map(([lists, damages]) => {
        const encoder = new HpackEncoder({ tableBytesMax: 4_096 });
        return lists.map((fields) =>
          damages.reduce<Uint8Array>((block, { place, leftOut, putIn }) => {
            const at = Math.floor(place * block.length);
            return Buffer.concat([block.subarray(0, at), putIn, block.subarray(at + leftOut)]);
          }, encoder.encode(fields)),
        );
      }),
  },
);

describe('whatever comes', () => {
  it('is decoded within the limits, or refused with an HpackError', () => {
    const listBytesMax = 500;
    const seen = { decoded: 0, refused: 0, tooLarge: 0 };
    fc.assert(
      fc.property(someBlocks, (blocks) => {
        const decoder = createDecoder(listBytesMax);
        for (const block of blocks) {
          try {
            const fields = decoder.decode(Buffer.from(block));
            const bytes = fields.reduce((sum, text) => sum + text.length + 16, 0);
            expect(bytes).toBeLessThanOrEqual(listBytesMax);
            if (!decoder.isTooLarge) expect(decoder.isMalformed).toBe(!areValid(fields));
            seen[decoder.isTooLarge ? 'tooLarge' : 'decoded']++;
          } catch (error) {
            if (!(error instanceof HpackError)) throw error;
            seen.refused++;
            return;
          }
        }
      }),
      { seed: 2, numRuns: 5_000 },
    );
    // Each of the ways was taken.
    expect(Math.min(seen.decoded, seen.refused, seen.tooLarge)).toBeGreaterThan(10);
  });
});
