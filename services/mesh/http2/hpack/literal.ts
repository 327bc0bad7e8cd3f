/** More bytes than an integer of this encoder can take: a prefix and four groups of seven bits. */
export const integerBytesMax = 5;

/** Below this a loop writes a string faster than a call into native code. */
const loopLengthMax = 24;

/** Writes an integer (RFC 7541, 5.1) under the bits that `pattern` sets above the mask; returns where it ends. */
export function writeInteger(value: number, mask: number, pattern: number, into: Buffer, at: number): number {
  if (value < mask) {
    into[at] = pattern | value;
    return at + 1;
  }
  into[at++] = pattern | mask;
  let rest = value - mask;
  for (; rest >= 0x80; rest >>>= 7) into[at++] = (rest & 0x7f) | 0x80;
  into[at] = rest;
  return at + 1;
}

/** Writes a string as it is, a byte for each character: Huffman's code costs more time than its bytes are worth here. */
export function writeString(text: string, into: Buffer, at: number): number {
  const start = writeInteger(text.length, 0x7f, 0, into, at);
  if (text.length > loopLengthMax) return start + into.write(text, start, 'latin1');
  for (let index = 0; index < text.length; index++) into[start + index] = text.charCodeAt(index);
  return start + text.length;
}
