import { expect, test } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { readLines } from './lines.ts';

test('lines come out whole however the bytes are cut, also within a character', async () => {
  const line = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('\n'));
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.integer({ min: 1, max: 7 }), async (lines, size) => {
      const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
      const chunks = async function* () {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      };
      expect(await Array.fromAsync(readLines(chunks()))).toEqual(lines);
    }),
    { seed: 1 },
  );
});

test('the last line needs no end', async () => {
  const chunks = async function* () {
    yield Buffer.from('a\nb');
  };
  expect(await Array.fromAsync(readLines(chunks()))).toEqual(['a', 'b']);
});
