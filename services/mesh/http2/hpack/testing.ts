import { fc } from '../../properties.testing.ts';
import { HpackDecoder } from './decoder.ts';
import { huffmanCodes } from './huffman.ts';

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex');
}

export function createDecoder(listBytesMax = 16_384): HpackDecoder {
  return new HpackDecoder({ tableBytesMax: 4_096, listBytesMax });
}

/** Huffman-codes a string and pads it with ones, as RFC 7541 (5.2) says. */
export function toHuffman(text: string): Buffer {
  let bits = '';
  for (let at = 0; at < text.length; at++) {
    const code = huffmanCodes[text.charCodeAt(at)];
    if (code !== undefined) bits += code.bits.toString(2).padStart(code.length, '0');
  }
  const bytes = bits.match(/.{1,8}/g) ?? [];
  return Buffer.from(bytes.map((byte) => Number.parseInt(byte.padEnd(8, '1'), 2)));
}

/** A string of a block: its length and its bytes, Huffman-coded or not. */
export function stringBytes(text: string, isHuffman = false): Buffer {
  const bytes = isHuffman ? toHuffman(text) : Buffer.from(text, 'latin1');
  return Buffer.concat([integerBytes(bytes.length, 0x7f, isHuffman ? 0x80 : 0), bytes]);
}

/** An integer of a block, of any size: unlike the encoder's own, which need not know the protocol's bounds. */
export function integerBytes(value: number, mask: number, pattern: number): Buffer {
  if (value < mask) return Buffer.from([pattern | value]);
  const bytes = [pattern | mask];
  let rest = value - mask;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes.push(0x80 | (rest & 0x7f));
  return Buffer.from([...bytes, rest]);
}

/** A field whose name and value are written out; it enters the table where `isAdded`. */
export function literalBytes(
  name: string,
  value: string,
  { isAdded = false, isHuffman = false } = {},
): Buffer {
  return Buffer.concat([
    Buffer.from([isAdded ? 0x40 : 0x00]),
    stringBytes(name, isHuffman),
    stringBytes(value, isHuffman),
  ]);
}

/** Any string of bytes, a character each. */
export function someLatin1(lengthMax: number): fc.Arbitrary<string> {
  return fc.uint8Array({ maxLength: lengthMax }).map((bytes) => Buffer.from(bytes).toString('latin1'));
}
