import { isUtf8 } from 'node:buffer';
import type { RowReader, RowSink } from '../row-reader.ts';
import type { CsvCell } from './csv-cell.ts';
import type { CsvDialect } from './csv-dialect.ts';

const LF = 10;
const CR = 13;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);
const incomplete = -1;

/** Reads the records of a CSV file, in whatever pieces it comes. */
export class CsvReader implements RowReader {
  readonly #delimiter: number;
  readonly #quote: number;
  readonly #escape: number;
  readonly #cells: readonly CsvCell[];
  readonly #sink: RowSink;
  /** Where the fields of the record begin and end, and whether they hold escapes. */
  readonly #starts: number[] = [];
  readonly #ends: number[] = [];
  readonly #escaped: boolean[] = [];
  #fields = 0;
  #linesWithin = 0;
  #broken: string | undefined;
  #isHeader: boolean;
  #isBegun = false;
  #skipsLf = false;
  #mayBeInvalid = false;
  #line = 1;
  #rows = 0;

  constructor(dialect: CsvDialect, cells: readonly CsvCell[], sink: RowSink) {
    this.#delimiter = dialect.delimiter.charCodeAt(0);
    this.#quote = dialect.quote.charCodeAt(0);
    this.#escape = dialect.escape.charCodeAt(0);
    this.#isHeader = dialect.header;
    this.#cells = cells;
    this.#sink = sink;
  }

  get rows(): number {
    return this.#rows;
  }

  get line(): number {
    return this.#line;
  }

  read(bytes: Buffer, isEnd: boolean): number {
    let at = 0;
    if (!this.#isBegun) {
      if (bytes.length < 3 && !isEnd) return 0;
      this.#isBegun = true;
      if (bytes.subarray(0, 3).equals(byteOrderMark)) at = 3;
    }
    const whole = isEnd ? bytes.length : 1 + Math.max(bytes.lastIndexOf(LF), bytes.lastIndexOf(CR));
    // Checked all at once; only where something is wrong, field by field.
    this.#mayBeInvalid = !isUtf8(bytes.subarray(0, whole)) || bytes.includes(0);
    for (;;) {
      if (this.#skipsLf && at < bytes.length) {
        if (bytes[at] === LF) at += 1;
        this.#skipsLf = false;
      }
      if (at === bytes.length) return at;
      const end = this.#scan(bytes, at, isEnd);
      if (end === incomplete) return at;
      this.#take(bytes);
      this.#line += 1 + this.#linesWithin;
      at = end;
    }
  }

  /** Finds the fields of one record; answers where the next begins. */
  #scan(bytes: Buffer, start: number, isEnd: boolean): number {
    const { length } = bytes;
    this.#fields = 0;
    this.#linesWithin = 0;
    this.#broken = undefined;
    for (let at = start; ; at += 1) {
      if (at < length && bytes[at] === this.#quote) at = this.#scanQuoted(bytes, at + 1);
      else at = this.#scanPlain(bytes, at);
      if (at === length) {
        if (!isEnd) return incomplete;
        if (this.#starts[this.#fields - 1] === length + 1) this.#broken = 'a quoted field is never closed';
        return length;
      }
      if (bytes[at] === this.#delimiter) continue;
      if (bytes[at] === LF) return at + 1;
      if (bytes[at] === CR) {
        if (at + 1 < length) return bytes[at + 1] === LF ? at + 2 : at + 1;
        this.#skipsLf = true;
        return at + 1;
      }
      this.#broken = 'something follows the closing quote of a field';
      const lineEnd = bytes.indexOf(LF, at);
      if (lineEnd === -1) return isEnd ? length : incomplete;
      return lineEnd + 1;
    }
  }

  #scanPlain(bytes: Buffer, start: number): number {
    const { length } = bytes;
    const delimiter = this.#delimiter;
    let at = start;
    for (; at < length; at += 1) {
      const byte = bytes[at];
      if (byte === delimiter || byte === LF || byte === CR) break;
    }
    this.#addField(start, at, false);
    return at;
  }

  #scanQuoted(bytes: Buffer, start: number): number {
    const { length } = bytes;
    let isEscaped = false;
    for (let at = start; at < length; at += 1) {
      const byte = bytes[at];
      if (byte === LF) this.#linesWithin += 1;
      const next = bytes[at + 1];
      if (byte === this.#escape && (next === this.#quote || next === this.#escape)) {
        isEscaped = true;
        at += 1;
      } else if (byte === this.#quote) {
        this.#addField(start, at, isEscaped);
        return at + 1;
      }
    }
    this.#addField(length + 1, length + 1, false);
    return length;
  }

  #addField(start: number, end: number, isEscaped: boolean): void {
    this.#starts[this.#fields] = start;
    this.#ends[this.#fields] = end;
    this.#escaped[this.#fields] = isEscaped;
    this.#fields += 1;
  }

  #take(bytes: Buffer): void {
    if (this.#broken !== undefined) {
      this.#refuse(this.#broken);
      return;
    }
    const [start, end] = [this.#starts[0] as number, this.#ends[0] as number];
    const isBlank = this.#fields === 1 && start === end && bytes[start - 1] !== this.#quote;
    if (isBlank) return;
    if (this.#isHeader) {
      this.#isHeader = false;
      return;
    }
    if (this.#fields !== this.#cells.length) {
      this.#refuse(`expected ${this.#cells.length} values, got ${this.#fields}`);
      return;
    }
    this.#rows += 1;
    for (let index = 0; index < this.#fields; index += 1) this.#put(bytes, index);
    this.#sink.endRow(this.#line);
  }

  #put(bytes: Buffer, index: number): void {
    const cell = this.#cells[index] as CsvCell;
    const [start, end] = [this.#starts[index] as number, this.#ends[index] as number];
    let problem: string | undefined;
    if (this.#mayBeInvalid) problem = findInvalid(bytes.subarray(start, end));
    if (problem === undefined) {
      if (this.#escaped[index]) {
        const content = this.#unescape(bytes.subarray(start, end));
        problem = cell.put(content, 0, content.length);
      } else {
        problem = cell.put(bytes, start, end);
      }
    }
    if (problem !== undefined) this.#sink.refuse(this.#line, index, problem);
  }

  #unescape(content: Buffer): Buffer {
    const out = Buffer.allocUnsafe(content.length);
    let length = 0;
    for (let at = 0; at < content.length; at += 1) {
      const next = content[at + 1];
      if (content[at] === this.#escape && (next === this.#quote || next === this.#escape)) at += 1;
      out[length] = content[at] as number;
      length += 1;
    }
    return out.subarray(0, length);
  }

  #refuse(reason: string): void {
    this.#rows += 1;
    this.#sink.refuse(this.#line, undefined, reason);
  }
}

function findInvalid(content: Buffer): string | undefined {
  if (!isUtf8(content)) return 'a field is not valid UTF-8';
  return content.includes(0) ? 'a field holds a NUL byte' : undefined;
}
