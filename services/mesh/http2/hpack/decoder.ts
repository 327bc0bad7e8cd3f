import { DynamicTable, tableBytesDefault } from './dynamic-table.ts';
import { DecodedField, isValidName, isValidValue } from './field.ts';
import { HpackError } from './hpack-error.ts';
import { decodeHuffman } from './huffman.ts';
import { LiteralCache } from './literal-cache.ts';
import { staticFields } from './static-table.ts';

/** Bounds of what a peer may make the decoder hold. */
export interface HpackDecoderOptions {
  /** Our SETTINGS_HEADER_TABLE_SIZE. The peer may use the default of 4096 until it has read that. */
  readonly tableBytesMax: number;
  /** Our SETTINGS_MAX_HEADER_LIST_SIZE: names, values and 32 for each field. */
  readonly listBytesMax: number;
}

const none: string[] = [];
const noBlock = Buffer.alloc(0);
/** A string cut from a text holds the whole text in memory: only from those of this size. */
const sharedTextBytesMax = 1_024;

/**
 * Decodes the header blocks of one connection, in the order in which they came (RFC 7541). What it holds is bounded by
 * the table and the list; its time by the block's bytes.
 */
export class HpackDecoder {
  /** Whether the last list has a field that must not be sent (RFC 9113, 8.2.1): a stream error, PROTOCOL_ERROR. */
  isMalformed = false;
  /** Whether the last list is above `listBytesMax`. The block was read, so the connection goes on. */
  isTooLarge = false;

  readonly #table = new DynamicTable();
  readonly #tableBytesMax: number;
  readonly #listBytesMax: number;
  #block: Buffer = noBlock;
  #at = 0;
  #fields: string[] = none;
  #listBytes = 0;
  #blockText = '';
  #isValidValue = true;
  readonly #cache = new LiteralCache();

  constructor({ tableBytesMax, listBytesMax }: HpackDecoderOptions) {
    this.#tableBytesMax = Math.max(tableBytesMax, tableBytesDefault);
    this.#listBytesMax = listBytesMax;
  }

  /**
   * The fields of a whole block (the fragments of HEADERS and CONTINUATION together): name, value, name, value and so
   * on, pseudo-header fields too, in their order, a character for each byte. Empty where the list is too large. Then
   * `isMalformed` and `isTooLarge` tell of this list. HpackError ends the connection.
   */
  decode(block: Buffer): string[] {
    this.#block = block;
    this.#at = 0;
    this.#fields = [];
    this.#listBytes = 0;
    this.isMalformed = false;
    this.isTooLarge = false;
    this.#readSizeUpdates();
    while (this.#at < block.length) this.#readField();
    const fields = this.#fields;
    // The block is a part of what was read from the socket: that must not stay with an idle connection.
    this.#block = noBlock;
    this.#blockText = '';
    this.#fields = none;
    return fields;
  }

  #readField(): void {
    const first = this.#block[this.#at] as number;
    if (first >= 0x80) {
      this.#add(this.#fieldAt(this.#readInteger(0x7f)));
    } else if (first >= 0x40) {
      const field = this.#readLiteral(0x3f);
      this.#table.add(field);
      this.#add(field);
    } else if (first >= 0x20) {
      throw new HpackError('the table is resized after a field');
    } else {
      // Without indexing, or never indexed.
      this.#add(this.#readLiteral(0x0f));
    }
  }

  /** Only before the first field (RFC 7541, 4.2). */
  #readSizeUpdates(): void {
    while (this.#at < this.#block.length && ((this.#block[this.#at] as number) & 0xe0) === 0x20) {
      const bytesMax = this.#readInteger(0x1f);
      if (bytesMax > this.#tableBytesMax) throw new HpackError('the table is resized above its limit');
      this.#table.setBytesMax(bytesMax);
    }
  }

  #readLiteral(indexMask: number): DecodedField {
    const isKept = indexMask === 0x3f;
    const index = this.#readInteger(indexMask);
    // The name of a malformed field may be good, and is then good for other values.
    const named = index === 0 ? undefined : this.#fieldAt(index);
    const name = named === undefined ? this.#readString(isKept) : named.name;
    const isNameValid = named?.isValid === true || isValidName(name);
    const value = this.#readString(isKept);
    return new DecodedField(name, value, isNameValid && this.#isValidValue);
  }

  #fieldAt(index: number): DecodedField {
    const field =
      index <= staticFields.length
        ? staticFields[index - 1]
        : this.#table.at(index - staticFields.length - 1);
    if (field === undefined) throw new HpackError('there is no field with this index');
    return field;
  }

  #add(field: DecodedField): void {
    this.#listBytes += field.bytes;
    if (!field.isValid) this.isMalformed = true;
    if (this.#listBytes <= this.#listBytesMax) {
      this.#fields.push(field.name, field.value);
    } else if (!this.isTooLarge) {
      this.isTooLarge = true;
      this.#fields = [];
    }
  }

  /** RFC 7541, 5.1: what is under the mask, and seven bits of each further byte, four of those at most. */
  #readInteger(mask: number): number {
    const block = this.#block;
    let value = (block[this.#at++] as number) & mask;
    if (value < mask) return value;
    for (let shift = 0; shift < 28; shift += 7) {
      const byte = block[this.#at++];
      if (byte === undefined) throw new HpackError('the block ends within an integer');
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new HpackError('an integer is too long');
  }

  /** A string, and in `#isValidValue` whether a field may have it as its value. */
  #readString(isKept: boolean): string {
    const block = this.#block;
    if (this.#at >= block.length) throw new HpackError('the block ends before a string');
    const isHuffman = (block[this.#at] as number) >= 0x80;
    const length = this.#readInteger(0x7f);
    const start = this.#at;
    const end = start + length;
    if (end > block.length) throw new HpackError('the block ends within a string');
    this.#at = end;
    // What enters the table comes as an index from then on, and must not hold its block in memory.
    return isKept ? this.#decodeString(start, end, isHuffman) : this.#findString(start, end, isHuffman);
  }

  #findString(start: number, end: number, isHuffman: boolean): string {
    const cached = this.#cache.find(this.#block, start, end, isHuffman);
    if (cached !== undefined) {
      this.#isValidValue = cached.isValidValue;
      return cached.text;
    }
    if (this.#cache.isRepeated) {
      const text = this.#decodeString(start, end, isHuffman);
      this.#cache.keep(this.#block, start, end, { isHuffman, text, isValidValue: this.#isValidValue });
      return text;
    }
    const isCut = !isHuffman && this.#block.length <= sharedTextBytesMax;
    return isCut ? this.#cutString(start, end) : this.#decodeString(start, end, isHuffman);
  }

  #decodeString(start: number, end: number, isHuffman: boolean): string {
    const text = isHuffman
      ? decodeHuffman(this.#block, start, end)
      : this.#block.toString('latin1', start, end);
    this.#isValidValue = isValidValue(text, 0, text.length);
    return text;
  }

  /** One call into native code for all such strings of the block; they share its text. */
  #cutString(start: number, end: number): string {
    if (this.#blockText === '') this.#blockText = this.#block.toString('latin1');
    this.#isValidValue = isValidValue(this.#blockText, start, end);
    return this.#blockText.substring(start, end);
  }
}
