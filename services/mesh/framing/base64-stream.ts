import { malformedStream } from './envelope-error.ts';

const padding = '='.charCodeAt(0);
/** The value of each character; 64 for those that are none. */
const values = new Uint8Array(256).fill(64);
for (const [value, character] of [
  ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/',
].entries()) {
  values[character.charCodeAt(0)] = value;
}

/** The bytes as one padded block of base64. Blocks one after the other are a body of gRPC-Web-text. */
export function encodeBase64(bytes: Buffer): Buffer {
  return Buffer.from(bytes.toString('base64'), 'latin1');
}

/**
 * Reads the body of gRPC-Web-text: blocks of base64, each padded, one after the other, cut into chunks anywhere. Holds at
 * most three characters. Only the standard alphabet: no line breaks, no `-` and `_`.
 */
export class Base64Decoder {
  /** The characters of the begun group, as a number; how many; how many of them are padding. */
  #bits = 0;
  #characters = 0;
  #paddings = 0;

  /** The bytes of the groups that this chunk completes. MALFORMED_BODY where it is not base64. */
  decode(chunk: Buffer): Buffer {
    const bytes = Buffer.allocUnsafe(Math.floor((this.#characters + chunk.length) / 4) * 3);
    let length = 0;
    for (let at = 0; at < chunk.length; at++) {
      this.#add(chunk[at] as number);
      if (this.#characters < 4) continue;
      const bits = this.#bits;
      bytes[length++] = bits >> 16;
      if (this.#paddings < 2) bytes[length++] = (bits >> 8) & 0xff;
      if (this.#paddings < 1) bytes[length++] = bits & 0xff;
      this.#bits = 0;
      this.#characters = 0;
      this.#paddings = 0;
    }
    return bytes.subarray(0, length);
  }

  /** To be called when the body ended: MALFORMED_BODY where that was within a group. */
  end(): void {
    if (this.#characters > 0) throw malformedStream('the body ended within a group of base64');
  }

  #add(character: number): void {
    const value = values[character] as number;
    if (value < 64 && this.#paddings === 0) {
      this.#bits = (this.#bits << 6) | value;
    } else if (character === padding && this.#characters >= 2) {
      this.#bits <<= 6;
      this.#paddings++;
    } else {
      throw malformedStream('the body is not base64');
    }
    this.#characters++;
  }
}
