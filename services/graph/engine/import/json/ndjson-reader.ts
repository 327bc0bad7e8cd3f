import { isUtf8 } from 'node:buffer';
import type { RowReader, RowSink } from '../row-reader.ts';
import { type JsonColumn, ValueRefused } from './json-column.ts';
import { type Json, JsonInvalid, type JsonObject, parseJsonLine } from './parse-json-line.ts';

const LF = 10;
const byteOrderMark = Buffer.from([0xef, 0xbb, 0xbf]);

/** A property as a line of NDJSON names it. */
export interface NdjsonProperty {
  readonly name: string;
  readonly json: JsonColumn;
  /** What to say where it is missing or null; undefined where it may be. */
  readonly missingProblem: string | undefined;
}

/** Reads a file of one JSON object a line. A name that is missing is NULL; one that the table has not is refused. */
export class NdjsonReader implements RowReader {
  readonly #properties: readonly NdjsonProperty[];
  readonly #names: ReadonlySet<string>;
  readonly #sink: RowSink;
  #isBegun = false;
  #line = 1;
  #rows = 0;

  constructor(properties: readonly NdjsonProperty[], sink: RowSink) {
    this.#properties = properties;
    this.#names = new Set(properties.map(({ name }) => name));
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
    while (at < bytes.length) {
      const found = bytes.indexOf(LF, at);
      if (found === -1 && !isEnd) return at;
      const end = found === -1 ? bytes.length : found;
      this.#take(bytes.subarray(at, end));
      this.#line += 1;
      at = found === -1 ? end : end + 1;
    }
    return at;
  }

  #take(bytes: Buffer): void {
    if (!isUtf8(bytes)) {
      this.#refuse('the line is not valid UTF-8');
      return;
    }
    const line = bytes.toString();
    // A line with nothing on it is no row.
    if (/^[ \t\r]*$/.test(line)) return;
    let object: JsonObject;
    try {
      object = parseJsonLine(line);
    } catch (error) {
      if (!(error instanceof JsonInvalid)) throw error;
      this.#refuse(error.message);
      return;
    }
    this.#rows += 1;
    let known = 0;
    for (let index = 0; index < this.#properties.length; index += 1) {
      const property = this.#properties[index] as NdjsonProperty;
      const json = object.get(property.name);
      if (json !== undefined) known += 1;
      this.#put(property, index, json ?? null);
    }
    if (known < object.size) {
      const extra = [...object.keys()].find((name) => !this.#names.has(name)) ?? '';
      this.#sink.refuse(
        this.#line,
        undefined,
        `the table has no property ${JSON.stringify(extra.slice(0, 80))}`,
      );
    }
    this.#sink.endRow(this.#line);
  }

  #put({ json: column, missingProblem }: NdjsonProperty, index: number, json: Json): void {
    if (json === null && missingProblem !== undefined) {
      this.#sink.refuse(this.#line, index, missingProblem);
      return;
    }
    try {
      column.put(json, 0);
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      this.#sink.refuse(this.#line, index, error.message);
    }
  }

  #refuse(reason: string): void {
    this.#rows += 1;
    this.#sink.refuse(this.#line, undefined, reason);
  }
}
