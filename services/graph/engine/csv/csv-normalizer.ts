import { isUtf8 } from 'node:buffer';
import type { CsvDialect } from './csv-dialect.ts';

const LF = 10;
const CR = 13;
const QUOTE = 34;
const COMMA = 44;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** Bytes that one record may have. */
const recordBytesMax = 16 * 2 ** 20;

/** A line of an uploaded file that cannot be loaded. */
export class CsvRowInvalid extends Error {
  override readonly name = 'CsvRowInvalid';
  /** Where the record begins, from 1, the header counted. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(message);
    this.line = line;
  }
}

type State = 'start' | 'plain' | 'quoted' | 'escaped' | 'after-quote';

/**
 * Rewrites a CSV file, as it comes in, to the one dialect that the engine reads: every record with as many fields
 * as the table wants, in front of them the line on which it began. The engine's own reader numbers lines otherwise
 * and crashes on some broken files (tried on 0.11.3), so it never sees one.
 */
export class CsvNormalizer {
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #fieldsWanted: number;
  #state: State = 'start';
  #line = 1;
  #recordLine = 1;
  #fields = 0;
  #records = 0;
  #isHeader: boolean;
  #isFirstChunk = true;
  #lastWasCr = false;
  /** The bytes of the field being read, as they mean. */
  #field: Buffer = Buffer.allocUnsafe(4_096);
  #fieldBytes = 0;
  #recordBytes = 0;
  #record: Buffer[] = [];

  constructor(dialect: CsvDialect, fieldsWanted: number) {
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote.charCodeAt(0);
    this.#escape = dialect.escape.charCodeAt(0);
    this.#isHeader = dialect.header;
    this.#fieldsWanted = fieldsWanted;
  }

  /** Records written so far, without the header. */
  get records(): number {
    return this.#records;
  }

  /** Takes the next bytes of the file and gives what is to be written. Throws CsvRowInvalid. */
  push(chunk: Uint8Array): Buffer {
    let bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    if (this.#isFirstChunk && bytes.length > 0) {
      this.#isFirstChunk = false;
      if (bytes.subarray(0, 3).equals(byteOrderMark)) bytes = bytes.subarray(3);
    }
    const out: Buffer[] = [];
    for (const byte of bytes) this.#take(byte, out);
    return Buffer.concat(out);
  }

  /** Ends the file and gives the rest that is to be written. Throws CsvRowInvalid. */
  end(): Buffer {
    const out: Buffer[] = [];
    if (this.#state === 'quoted') throw this.#invalid('a quoted field is never closed');
    // An escape that is the quote itself closes the field where nothing follows.
    if (this.#state === 'escaped' && this.#escape !== this.#quote) {
      throw this.#invalid('a quoted field is never closed');
    }
    if (this.#state !== 'start' || this.#fields > 0) this.#endRecord(out);
    return Buffer.concat(out);
  }

  #take(byte: number, out: Buffer[]): void {
    const isLfOfCrLf = byte === LF && this.#lastWasCr;
    this.#lastWasCr = false;
    if (isLfOfCrLf && this.#state !== 'quoted' && this.#state !== 'escaped') return;
    switch (this.#state) {
      case 'quoted':
        if (byte === LF) this.#line += 1;
        if (byte === this.#escape) this.#state = 'escaped';
        else if (byte === this.#quote) this.#state = 'after-quote';
        else this.#append(byte);
        return;
      case 'escaped':
        if (byte === this.#quote || byte === this.#escape) {
          this.#append(byte);
          this.#state = 'quoted';
          return;
        }
        if (this.#escape !== this.#quote) {
          this.#append(this.#escape);
          this.#state = 'quoted';
          this.#take(byte, out);
          return;
        }
        this.#state = 'after-quote';
        this.#afterField(byte, out);
        return;
      case 'after-quote':
        this.#afterField(byte, out);
        return;
      default:
        if (this.#state === 'start' && byte === this.#quote) this.#state = 'quoted';
        else if (byte === this.#delimiter || byte === LF || byte === CR) this.#afterField(byte, out);
        else {
          this.#state = 'plain';
          this.#append(byte);
        }
    }
  }

  #afterField(byte: number, out: Buffer[]): void {
    if (byte === this.#delimiter) {
      this.#endField();
      this.#state = 'start';
      return;
    }
    if (byte !== LF && byte !== CR) throw this.#invalid('something follows the closing quote of a field');
    // A line with nothing on it is no record.
    if (this.#state !== 'start' || this.#fields > 0) this.#endRecord(out);
    this.#lastWasCr = byte === CR;
    this.#line += 1;
    this.#recordLine = this.#line;
    this.#state = 'start';
  }

  #append(byte: number): void {
    if (byte === 0) throw this.#invalid('a field holds a NUL byte');
    if (this.#fieldBytes === this.#field.length) {
      this.#field = Buffer.concat([this.#field, Buffer.allocUnsafe(this.#field.length)]);
    }
    this.#field[this.#fieldBytes] = byte;
    this.#fieldBytes += 1;
    this.#recordBytes += 1;
    if (this.#recordBytes > recordBytesMax) throw this.#invalid('the record is too long');
  }

  #endField(): void {
    const content = this.#field.subarray(0, this.#fieldBytes);
    if (!isUtf8(content)) throw this.#invalid('a field is not valid UTF-8');
    this.#record.push(quoteField(content));
    this.#fields += 1;
    this.#fieldBytes = 0;
  }

  #endRecord(out: Buffer[]): void {
    this.#endField();
    if (!this.#isHeader) {
      if (this.#fields !== this.#fieldsWanted) {
        throw this.#invalid(`expected ${this.#fieldsWanted} values, got ${this.#fields}`);
      }
      out.push(Buffer.from(String(this.#recordLine)));
      for (const field of this.#record) out.push(comma, field);
      out.push(newline);
      this.#records += 1;
    }
    this.#isHeader = false;
    this.#fields = 0;
    this.#recordBytes = 0;
    this.#record = [];
  }

  #invalid(message: string): CsvRowInvalid {
    return new CsvRowInvalid(this.#recordLine, message);
  }
}

const comma = Buffer.from(',');
const newline = Buffer.from('\n');

function quoteField(content: Buffer): Buffer {
  if (content.every((byte) => byte !== QUOTE && byte !== COMMA && byte !== LF && byte !== CR)) {
    return Buffer.from(content);
  }
  return Buffer.from(`"${content.toString().replaceAll('"', '""')}"`);
}
