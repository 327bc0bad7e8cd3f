import { describe, expect, it } from 'vitest';
import { fc } from '../../properties.testing.ts';
import { decodeHuffman, huffmanCodes } from './huffman.ts';
import { hex, someLatin1, toHuffman } from './testing.ts';

const decode = (bytes: Buffer) => decodeHuffman(bytes, 0, bytes.length);

describe('decodeHuffman', () => {
  it('has the codes of RFC 7541, appendix B', () => {
    // From each length one, the last two of the longest, and the end of a string.
    const some: [symbol: number, bits: number, length: number][] = [
      ...([
        [48, 0x0, 5],
        [32, 0x14, 6],
        [58, 0x5c, 7],
        [38, 0xf8, 8],
        [33, 0x3f8, 10],
      ] as const),
      ...([
        [39, 0x7fa, 11],
        [35, 0xffa, 12],
        [0, 0x1ff8, 13],
        [94, 0x3ffc, 14],
        [60, 0x7ffc, 15],
      ] as const),
      ...([
        [92, 0x7fff0, 19],
        [128, 0xfffe6, 20],
        [153, 0x1fffdc, 21],
        [129, 0x3fffd2, 22],
      ] as const),
      ...([
        [1, 0x7fffd8, 23],
        [9, 0xffffea, 24],
        [199, 0x1ffffec, 25],
        [192, 0x3ffffe0, 26],
      ] as const),
      ...([
        [203, 0x7ffffde, 27],
        [2, 0xfffffe2, 28],
        [10, 0x3ffffffc, 30],
        [22, 0x3ffffffe, 30],
      ] as const),
      [256, 0x3fffffff, 30],
    ].map(([symbol = 0, bits = 0, length = 0]) => [symbol, bits, length]);
    for (const [symbol, bits, length] of some) expect(huffmanCodes[symbol]).toEqual({ bits, length });
  });

  it('gives any string back', () => {
    fc.assert(
      fc.property(someLatin1(300), (text) => {
        expect(decode(toHuffman(text))).toBe(text);
      }),
      { seed: 1, numRuns: 1_000 },
    );
  });

  it('gives each byte back, after each other byte', () => {
    const all = Array.from({ length: 256 }, (_, code) => String.fromCharCode(code));
    for (const first of all) {
      const text = all.map((second) => first + second).join('');
      expect(decode(toHuffman(text))).toBe(text);
    }
  });

  it('reads only its part of the block', () => {
    expect(decodeHuffman(hex('ff f1e3c2e5f23a6ba0ab90f4ff ff'), 1, 13)).toBe('www.example.com');
  });

  it.each([
    ['eight bits of padding', 'f1e3c2e5f23a6ba0ab90f4ff ff'],
    ['padding alone', 'ff'],
    ['padding with a zero', '1e'],
    ['a code cut short', 'fffffe'],
    ['the end of a string', 'ffffffff'],
    ['the end of a string, then a symbol', 'fffffffc 07'],
  ])('refuses %s', (_what, bytes) => {
    expect(() => decode(hex(bytes))).toThrow(expect.objectContaining({ name: 'HpackError' }));
  });

  it('takes up to seven bits of padding', () => {
    // 'a' has five bits, '*' eight, ':' seven, '%' six.
    for (const text of ['a', '*', ':', '%', 'aaaaa', 'a:', '\\%aa'])
      expect(decode(toHuffman(text))).toBe(text);
  });
});
