import { readSync } from 'node:fs';
import type { Json } from '../json/parse-json-line.ts';
import { toPlain } from './decode-encoding.ts';
import { decodePlain } from './decode-values.ts';
import { decompress } from './decompress.ts';
import type { FileLeaf } from './file-schema.ts';
import { bitWidth, readHybrid } from './levels.ts';
import { ParquetInvalid } from './parquet-invalid.ts';
import { decodeThriftAt, numberAt, optionalAt, type Thrift } from './thrift-compact.ts';

/** Bytes of one page, compressed or not. Writers make pages of about 1 MiB. */
const pageBytesMax = 64 * 2 ** 20;

/** Values and NULLs of one page: runs make any number of them from a few bytes. */
const pageValuesMax = 2 ** 23;

/** Bytes that the header of a page may have; statistics of texts are in it. */
const headerBytesMax = 64 * 2 ** 10;

const [dataPage, indexPage, dictionaryPage, dataPageV2] = [0, 1, 2, 3];
const [plain, plainDictionary, rle, rleDictionary] = [0, 2, 3, 8];

/** Where the values of one leaf are in a row group. */
export interface LeafChunk {
  readonly start: number;
  readonly end: number;
  readonly codec: number;
}

/** Goes through the values of one leaf in a row group, page by page. Throws ParquetInvalid. */
export class LeafCursor {
  readonly leaf: FileLeaf;
  readonly #file: number;
  readonly #codec: number;
  readonly #end: number;
  readonly #spend: (bytes: number) => void;
  #offset: number;
  #dictionary: readonly Json[] | undefined;
  #definitions: Uint32Array | undefined;
  #repetitions: Uint32Array | undefined;
  #values: readonly Json[] = [];
  #count = 0;
  #at = 0;
  #valueAt = 0;

  /** `spend` is told of all bytes that pages have when they are inflated. */
  constructor(
    file: number,
    leaf: FileLeaf,
    { start, end, codec }: LeafChunk,
    spend: (bytes: number) => void,
  ) {
    this.leaf = leaf;
    this.#file = file;
    this.#offset = start;
    this.#end = end;
    this.#codec = codec;
    this.#spend = spend;
  }

  /** True where every place was taken. */
  get isDone(): boolean {
    while (this.#at >= this.#count && this.#offset < this.#end) this.#readPage();
    return this.#at >= this.#count;
  }

  /** How deep the next place is defined. */
  get definition(): number {
    this.#fill();
    return this.#definitions ? (this.#definitions[this.#at] as number) : this.leaf.definitionMax;
  }

  /** Which list the next place goes on with; 0 where a row begins, or nothing comes any more. */
  get repetition(): number {
    if (this.isDone) return 0;
    return this.#repetitions ? (this.#repetitions[this.#at] as number) : 0;
  }

  /** Takes the next place: its value, or null where there is none. */
  take(): Json {
    const isThere = this.definition === this.leaf.definitionMax;
    this.#at += 1;
    if (!isThere) return null;
    const value = this.#values[this.#valueAt];
    this.#valueAt += 1;
    if (value === undefined) throw new ParquetInvalid('a page has too few values');
    return value;
  }

  #fill(): void {
    while (this.#at >= this.#count) {
      if (this.#offset >= this.#end) throw new ParquetInvalid('a column has too few rows');
      this.#readPage();
    }
  }

  #readPage(): void {
    const head = this.#bytes(this.#offset, Math.min(headerBytesMax, this.#end - this.#offset));
    const { value: header, end } = decodeThriftAt(head);
    const [type, size, compressedSize] = [numberAt(header, 1), numberAt(header, 2), numberAt(header, 3)];
    const start = this.#offset + end;
    if (size > pageBytesMax || compressedSize > pageBytesMax || start + compressedSize > this.#end) {
      throw new ParquetInvalid('a page is larger than it may be');
    }
    this.#spend(size);
    this.#offset = start + compressedSize;
    const bytes = this.#bytes(start, compressedSize);
    if (type === dictionaryPage) this.#readDictionary(header, decompress(this.#codec, bytes, size));
    else if (type === dataPage) this.#readData(header, decompress(this.#codec, bytes, size));
    else if (type === dataPageV2) this.#readDataV2(header, bytes, size);
    else if (type !== indexPage) throw new ParquetInvalid('a page has an unknown type');
  }

  #readDictionary(header: Thrift, bytes: Buffer): void {
    const dictionary = optionalAt(header, 7);
    if (!dictionary) throw new ParquetInvalid('a dictionary has no description');
    this.#dictionary = decodePlain(this.leaf, bytes, this.#countOf(dictionary, bytes));
  }

  #readData(header: Thrift, bytes: Buffer): void {
    const description = optionalAt(header, 5);
    if (!description) throw new ParquetInvalid('a page has no description');
    const { definitionMax, repetitionMax } = this.leaf;
    let rest = bytes;
    this.#count = numberAt(description, 1);
    if (this.#count > pageValuesMax) throw new ParquetInvalid('a page has too many values');
    const levels = (most: number, encoding: number) => {
      if (most === 0) return undefined;
      if (encoding !== rle || rest.length < 4)
        throw new ParquetInvalid('a page has levels of an unknown form');
      const length = rest.readUInt32LE(0);
      if (length > rest.length - 4) throw new ParquetInvalid('a page is cut off');
      const read = readHybrid(rest.subarray(4, 4 + length), bitWidth(most), this.#count);
      rest = rest.subarray(4 + length);
      return read;
    };
    this.#repetitions = levels(repetitionMax, numberAt(description, 4));
    this.#definitions = levels(definitionMax, numberAt(description, 3));
    this.#readValues(numberAt(description, 2), rest);
  }

  #readDataV2(header: Thrift, bytes: Buffer, size: number): void {
    const description = optionalAt(header, 8);
    if (!description) throw new ParquetInvalid('a page has no description');
    const { definitionMax, repetitionMax } = this.leaf;
    this.#count = numberAt(description, 1);
    const [definitionBytes, repetitionBytes] = [numberAt(description, 5), numberAt(description, 6)];
    const levelBytes = definitionBytes + repetitionBytes;
    if (levelBytes > bytes.length || levelBytes > size || this.#count > pageValuesMax) {
      throw new ParquetInvalid('a page is cut off');
    }
    const levels = (most: number, part: Buffer) =>
      most === 0 ? undefined : readHybrid(part, bitWidth(most), this.#count);
    this.#repetitions = levels(repetitionMax, bytes.subarray(0, repetitionBytes));
    this.#definitions = levels(definitionMax, bytes.subarray(repetitionBytes, levelBytes));
    const compressed = optionalAt(description, 7);
    const isPlain = compressed?.kind === 'bool' && !compressed.value;
    const body = bytes.subarray(levelBytes);
    const inflated = isPlain || body.length === 0 ? body : decompress(this.#codec, body, size - levelBytes);
    this.#readValues(numberAt(description, 4), inflated);
  }

  #readValues(encoding: number, bytes: Buffer): void {
    const { definitionMax } = this.leaf;
    this.#at = 0;
    this.#valueAt = 0;
    let there = this.#count;
    if (this.#definitions)
      there = this.#definitions.reduce((sum, level) => sum + (level === definitionMax ? 1 : 0), 0);
    if (there === 0) this.#values = [];
    else if (encoding === plain) this.#values = decodePlain(this.leaf, bytes, there);
    else if (encoding === rle && this.leaf.physical === 0) {
      this.#values = Array.from(readHybrid(bytes.subarray(4), 1, there), (bit) => bit === 1);
    } else if (encoding === plainDictionary || encoding === rleDictionary) {
      const dictionary = this.#dictionary;
      const width = bytes[0];
      if (!dictionary || width === undefined) throw new ParquetInvalid('a page lacks its dictionary');
      this.#values = Array.from(readHybrid(bytes.subarray(1), width, there), (index) => {
        const value = dictionary[index];
        if (value === undefined) throw new ParquetInvalid('a page points out of its dictionary');
        return value;
      });
    } else {
      this.#values = decodePlain(this.leaf, toPlain(this.leaf, encoding, bytes, there), there);
    }
  }

  /** A value has at least a bit, so a count beyond that is not believed. */
  #countOf(description: Thrift, bytes: Buffer): number {
    const count = numberAt(description, 1);
    if (count > bytes.length * 8) throw new ParquetInvalid('a page is cut off');
    return count;
  }

  #bytes(start: number, length: number): Buffer {
    const bytes = Buffer.allocUnsafe(length);
    if (readSync(this.#file, bytes, 0, length, start) !== length)
      throw new ParquetInvalid('a page is cut off');
    return bytes;
  }
}
