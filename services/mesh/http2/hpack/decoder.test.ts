import { describe, expect, it } from 'vitest';
import { HpackDecoder } from './decoder.ts';
import { createDecoder, hex, integerBytes, literalBytes, stringBytes } from './testing.ts';

const hpackError = expect.objectContaining({ name: 'HpackError' });

describe('HpackDecoder', () => {
  it.each([
    ['index 0', '80'],
    ['an index behind the static table, of an empty table', 'be'],
    ['a name with such an index', '7e 00'],
    ['an index cut short', 'ff'],
    ['an index with no end', 'ff 80 80 80 80 00'],
    ['an index of 2^32 + 2', 'ff 83 ff ff ff 0f'],
    ['a length of 2^31', '00 7f 81 ff ff ff 07'],
    ['a length with no end', '00 01 61 7f ff ff ff ff ff ff ff ff'],
    ['a name cut short', '00 02 61'],
    ['a field without a value', '00 01 61'],
    ['a value cut short', '00 01 61 02 61'],
    ['a value longer than the block', '00 01 61 7f ff 7f 61'],
    ['Huffman-coded bytes that are none', '00 01 61 81 00'],
    ['a resize above the limit', '3f e2 1f'],
    ['a resize after a field', '82 20'],
    ['a resize between fields', '82 20 00 00'],
  ])('refuses %s', (_what, block) => {
    expect(() => createDecoder().decode(hex(block))).toThrow(hpackError);
  });

  it('lets the peer use the table of before the settings, however small ours is', () => {
    const decoder = new HpackDecoder({ tableBytesMax: 0, listBytesMax: 1_000 });
    decoder.decode(literalBytes('a', 'b', { isAdded: true }));
    expect(decoder.decode(hex('be'))).toEqual(['a', 'b']);
    decoder.decode(hex('20'));
    expect(() => decoder.decode(hex('be'))).toThrow(hpackError);
  });

  it('takes a resize up to its limit, and several of them before the first field', () => {
    const decoder = new HpackDecoder({ tableBytesMax: 8_192, listBytesMax: 20_000 });
    const grown = Buffer.concat([hex('20'), integerBytes(8_192, 0x1f, 0x20)]);
    const value = 'v'.repeat(6_000);
    decoder.decode(Buffer.concat([grown, literalBytes('a', value, { isAdded: true })]));
    expect(decoder.decode(hex('be'))).toEqual(['a', value]);
    expect(() => decoder.decode(integerBytes(8_193, 0x1f, 0x20))).toThrow(hpackError);
  });

  it('is emptied by a field larger than its table, which is in the list all the same', () => {
    const decoder = createDecoder();
    decoder.decode(literalBytes('a', 'b', { isAdded: true }));
    const value = 'v'.repeat(4_096);
    expect(decoder.decode(literalBytes('a', value, { isAdded: true }))).toEqual(['a', value]);
    expect(() => decoder.decode(hex('be'))).toThrow(hpackError);
  });

  it('keeps the newest fields that the table has room for, however many there were', () => {
    const decoder = createDecoder();
    // 41 bytes each: 99 of them fit.
    for (let count = 0; count < 1_000; count++) {
      decoder.decode(literalBytes('name', String(count).padStart(5, '0'), { isAdded: true }));
    }
    expect(decoder.decode(hex('be'))).toEqual(['name', '00999']);
    expect(decoder.decode(integerBytes(62 + 98, 0x7f, 0x80))).toEqual(['name', '00901']);
    expect(() => decoder.decode(integerBytes(62 + 99, 0x7f, 0x80))).toThrow(hpackError);
  });

  it('has a character for each byte', () => {
    const every = Buffer.from(Array.from({ length: 256 }, (_, value) => value)).toString('latin1');
    for (const isHuffman of [false, true]) {
      expect(createDecoder().decode(literalBytes('a', every, { isHuffman }))).toEqual(['a', every]);
    }
  });

  it('gives the same list for blocks that repeat and for those that hardly differ', () => {
    const decoder = createDecoder();
    for (const isHuffman of [false, true]) {
      for (let round = 0; round < 6; round++) {
        for (const value of [
          '/a.Service/Method',
          '/b.Service/Method',
          `/${round}.Service/Method`,
          'bad\n',
          'good',
        ]) {
          expect(decoder.decode(literalBytes('x-path', value, { isHuffman }))).toEqual(['x-path', value]);
          expect(decoder.isMalformed).toBe(value === 'bad\n');
        }
      }
    }
  });

  it('tells repeated strings apart of which one begins the other', () => {
    const decoder = createDecoder();
    for (let round = 0; round < 3; round++) {
      for (let length = 0; length < 300; length++) {
        const value = 'v'.repeat(length);
        const block = literalBytes('name', value);
        for (let count = 0; count < 3; count++) expect(decoder.decode(block)).toEqual(['name', value]);
      }
    }
  });

  it('takes the same bytes as two strings, Huffman-coded and not', () => {
    const decoder = createDecoder();
    for (let round = 0; round < 4; round++) {
      // Only the first bit of the length says whether they are coded.
      expect(decoder.decode(hex('00 01 61 06 a8eb10649cbf'))[1]).toBe(hex('a8eb10649cbf').toString('latin1'));
      expect(decoder.decode(hex('00 01 61 86 a8eb10649cbf'))[1]).toBe('no-cache');
    }
  });
});

describe('a malformed field', () => {
  it.each([
    ['', 'value'],
    [':', 'value'],
    ['Name', 'value'],
    ['na me', 'value'],
    ['na:me', 'value'],
    ['::name', 'value'],
    ['na\0me', 'value'],
    ['n\u00e4me', 'value'],
    ['name\r', 'value'],
    ['name', 'val\rue'],
    ['name', 'value\n'],
    ['name', '\0'],
    ['name', 'val\x7fue'],
    ['name', ' value'],
    ['name', 'value\t'],
  ])('%j: %j is told, wherever it stands and from wherever it comes', (name, value) => {
    const decoder = createDecoder();
    const good = literalBytes('good', 'value');
    for (const isHuffman of [false, true]) {
      const bad = literalBytes(name, value, { isHuffman, isAdded: true });
      for (const block of [bad, Buffer.concat([good, bad, good]), hex('be')]) {
        decoder.decode(block);
        expect(decoder.isMalformed).toBe(true);
      }
      decoder.decode(good);
      expect(decoder.isMalformed).toBe(false);
    }
  });

  it.each([
    ['name', ''],
    [':path', '/'],
    ['x-na_me.1', 'a value\twith\u00e4ny "characters"'],
  ])('%j: %j is none', (name, value) => {
    const decoder = createDecoder();
    expect(decoder.decode(literalBytes(name, value))).toEqual([name, value]);
    expect(decoder.isMalformed).toBe(false);
  });

  it('leaves its good name good for another value', () => {
    const decoder = createDecoder();
    decoder.decode(literalBytes('name', 'bad\n', { isAdded: true }));
    expect(decoder.decode(Buffer.concat([hex('0f 2f'), stringBytes('good')]))).toEqual(['name', 'good']);
    expect(decoder.isMalformed).toBe(false);
  });
});

describe('a list that is too large', () => {
  const added = literalBytes('x'.repeat(10), 'y'.repeat(3_958), { isAdded: true });

  it('is told, and not built; the table is right for the next', () => {
    const decoder = createDecoder(16_000);
    decoder.decode(added);
    expect(decoder.decode(Buffer.alloc(4, 0xbe))).toHaveLength(8);
    expect(decoder.isTooLarge).toBe(false);
    const next = literalBytes('next', 'value', { isAdded: true });
    expect(decoder.decode(Buffer.concat([Buffer.alloc(5, 0xbe), next]))).toEqual([]);
    expect(decoder.isTooLarge).toBe(true);
    expect(decoder.decode(hex('be'))).toEqual(['next', 'value']);
    expect(decoder.isTooLarge).toBe(false);
  });

  it('counts 32 bytes for each field beside its name and value', () => {
    const decoder = createDecoder(10 * (':method'.length + 'GET'.length + 32));
    expect(decoder.decode(Buffer.alloc(10, 0x82))).toHaveLength(20);
    expect(decoder.decode(Buffer.alloc(11, 0x82))).toEqual([]);
    expect(decoder.isTooLarge).toBe(true);
  });

  it('is told for a block that would give 256 MB', () => {
    const decoder = createDecoder();
    decoder.decode(added);
    expect(decoder.decode(Buffer.alloc(65_536, 0xbe))).toEqual([]);
    expect(decoder.isTooLarge).toBe(true);
  });

  it('still has its block refused where that is none', () => {
    expect(() => createDecoder(10).decode(hex('82 82 80'))).toThrow(hpackError);
  });
});
