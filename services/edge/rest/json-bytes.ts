import { isUtf8 } from 'node:buffer';

/** Characters that are copied one by one; a call into the runtime costs more. */
const shortCharacters = 64;

/** Texts of more bytes stay strings until the end: the runtime makes them faster than a copy of each byte does. */
const longBytes = 512;

/** What is kept from one text to the next. */
const keptBytesMax = 1024 * 1024;

const initialBytes = 4096;

const [quote, backslash, space, zero, minus] = [0x22, 0x5c, 0x20, 0x30, 0x2d];

/** What JSON has for the characters that cannot stand in it as they are. */
const escapes = Array.from({ length: backslash + 1 }, (_, code) => {
  return JSON.stringify(String.fromCharCode(code)).slice(1, -1);
});

/** Digits of the largest integer that is written one by one. */
const digitsMax = 10;

/** A text beside the bytes, and how many come before it. */
interface LongText {
  readonly at: number;
  readonly json: string;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** JSON text under way, as UTF-8 in one buffer that grows: no string for each part of it. */
export class JsonBytes {
  #bytes = Buffer.allocUnsafe(initialBytes);
  #at = 0;
  readonly #long: LongText[] = [];

  /** Bytes written, but for long texts. */
  get length(): number {
    return this.#at;
  }

  /** Forgets what was written after the first `length` bytes. */
  truncate(length: number): void {
    this.#at = length;
    while ((this.#long.at(-1)?.at ?? -1) >= length) this.#long.pop();
  }

  /** One character of ASCII. */
  byte(byte: number): void {
    if (this.#at === this.#bytes.length) this.#grow(1);
    this.#bytes[this.#at++] = byte;
  }

  /** JSON as it is. */
  text(json: string): void {
    this.#ensure(3 * json.length);
    if (json.length <= shortCharacters && this.#copy(json)) return;
    this.#at += this.#bytes.write(json, this.#at);
  }

  // False where the text has more than ASCII.
  #copy(json: string): boolean {
    const bytes = this.#bytes;
    for (let index = 0; index < json.length; index += 1) {
      const code = json.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[this.#at + index] = code;
    }
    this.#at += json.length;
    return true;
  }

  /** A safe integer. */
  integer(integer: number): void {
    const size = Math.abs(integer);
    // Beyond that, digits are no longer a matter of 32-bit arithmetic.
    if (size > 0x7fffffff) {
      this.text(String(integer));
      return;
    }
    this.#ensure(digitsMax + 1);
    const bytes = this.#bytes;
    if (integer < 0) bytes[this.#at++] = minus;
    let digits = 1;
    for (let bound = 10; digits < digitsMax && size >= bound; bound *= 10) digits += 1;
    let rest = size | 0;
    for (let at = this.#at + digits - 1; at >= this.#at; at -= 1) {
      const next = (rest / 10) | 0;
      bytes[at] = zero + (rest - next * 10);
      rest = next;
    }
    this.#at += digits;
  }

  /** The text that the bytes from `start` to `end` are, in quotes. Whether they are UTF-8 shows in the end. */
  quoted(source: Buffer, start: number, end: number): void {
    if (end - start > longBytes) {
      const json = JSON.stringify(utf8.decode(source.subarray(start, end)));
      this.#long.push({ at: this.#at, json });
      return;
    }
    this.#ensure(end - start + 2);
    let bytes = this.#bytes;
    let at = this.#at;
    bytes[at++] = quote;
    for (let from = start; from < end; from += 1) {
      const byte = source[from] ?? 0;
      if (byte >= space && byte !== quote && byte !== backslash) {
        bytes[at++] = byte;
        continue;
      }
      this.#at = at;
      this.text(escapes[byte] ?? '');
      this.#ensure(end - from);
      bytes = this.#bytes;
      at = this.#at;
    }
    bytes[at++] = quote;
    this.#at = at;
  }

  /** All that was written. Throws where a text was not UTF-8: the quotes around it keep it from being it by chance. */
  toString(): string {
    if (!isUtf8(this.#bytes.subarray(0, this.#at))) throw new TypeError('a text is not UTF-8');
    let text = '';
    let start = 0;
    for (const { at, json } of this.#long) {
      text += this.#bytes.toString('utf8', start, at) + json;
      start = at;
    }
    return text + this.#bytes.toString('utf8', start, this.#at);
  }

  /** Begins anew. */
  clear(): void {
    if (this.#bytes.length > keptBytesMax) this.#bytes = Buffer.allocUnsafe(initialBytes);
    this.truncate(0);
  }

  #ensure(bytes: number): void {
    if (this.#at + bytes > this.#bytes.length) this.#grow(bytes);
  }

  #grow(bytes: number): void {
    const grown = Buffer.allocUnsafe(Math.max(2 * this.#bytes.length, this.#at + bytes));
    this.#bytes.copy(grown, 0, 0, this.#at);
    this.#bytes = grown;
  }
}
