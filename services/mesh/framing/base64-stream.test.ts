import { describe, expect, it } from 'vitest';
import { fc } from '../properties.testing.ts';
import { Base64Decoder, encodeBase64 } from './base64-stream.ts';
import { cut, reasonOf, someBytes, someChunkSizes } from './testing.ts';

function decodeAll(chunks: readonly Buffer[]): Buffer {
  const decoder = new Base64Decoder();
  const bytes = Buffer.concat(chunks.map((chunk) => decoder.decode(chunk)));
  decoder.end();
  return bytes;
}

describe('Base64Decoder', () => {
  it('gives what was encoded, in any blocks, wherever the text is cut', () => {
    fc.assert(
      fc.property(fc.array(someBytes(50), { maxLength: 6 }), someChunkSizes, (blocks, sizes) => {
        const text = Buffer.concat(blocks.map(encodeBase64));
        expect(decodeAll(cut(text, sizes))).toEqual(Buffer.concat(blocks));
      }),
      { seed: 1, numRuns: 1000 },
    );
  });

  it('gives each byte as soon as its group is complete', () => {
    const decoder = new Base64Decoder();
    const given = [...'YQ==YmM=ZGVm'].map((character) => decoder.decode(Buffer.from(character)).toString());
    expect(given).toEqual(['', '', '', 'a', '', '', '', 'bc', '', '', '', 'def']);
  });

  it('knows every byte value', () => {
    const all = Buffer.from(Array.from({ length: 256 }, (_, value) => value));
    expect(decodeAll([encodeBase64(all)])).toEqual(all);
  });

  it.each(['=', 'Y=', 'YQ=a', 'Y===', '====', 'YQ\n==', 'YQ- =', 'YQ-_', 'YQ==Y===', 'é', 'YQ==='])(
    'refuses %j',
    (text) => {
      expect(reasonOf(() => decodeAll([Buffer.from(text)]))).toBe('MALFORMED_BODY');
      expect(reasonOf(() => decodeAll(cut(Buffer.from(text), [1])))).toBe('MALFORMED_BODY');
    },
  );

  it.each(['Y', 'YQ', 'YQ=', 'YWJj' + 'YQ'])('refuses %j, which ends within a group', (text) => {
    const decoder = new Base64Decoder();
    decoder.decode(Buffer.from(text));
    expect(reasonOf(() => decoder.end())).toBe('MALFORMED_BODY');
  });

  it('takes or refuses any text as the grammar of base64 does', () => {
    const character = fc.constantFrom(...'AQZaz09+/==-_ \n');
    const grammar = /^(?:[A-Za-z0-9+/]{4}|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{2}==)*$/;
    fc.assert(
      fc.property(fc.array(character, { maxLength: 12 }), someChunkSizes, (characters, sizes) => {
        const text = characters.join('');
        const reason = reasonOf(() => decodeAll(cut(Buffer.from(text), sizes)));
        expect(reason).toBe(grammar.test(text) ? undefined : 'MALFORMED_BODY');
      }),
      { seed: 2, numRuns: 3000 },
    );
  });
});
