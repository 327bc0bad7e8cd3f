import { ByteSink } from './byte-sink.ts';
import { encodeThrift, i32, struct } from './thrift-compact.ts';

/** Parquet's physical types, by their numbers. */
export const physicalTypes = { boolean: 0, int32: 1, int64: 2, float: 4, double: 5, byteArray: 6 } as const;

/** A physical type that is written here. */
export type PhysicalType = keyof typeof physicalTypes;

const plainEncoding = 0;
const levelEncoding = 3;
const dataPage = 0;

/** The values of one leaf of the schema, until their row group is written. */
export class LeafColumn {
  readonly path: readonly string[];
  readonly physical: PhysicalType;
  readonly definitionMax: number;
  readonly repetitionMax: number;
  /** Values that are there, in the plain encoding; booleans one byte each until the page is written. */
  readonly values = new ByteSink();
  readonly #definitions = new ByteSink();
  readonly #repetitions = new ByteSink();
  #count = 0;

  constructor(path: readonly string[], physical: PhysicalType, definitionMax: number, repetitionMax: number) {
    this.path = path;
    this.physical = physical;
    this.definitionMax = definitionMax;
    this.repetitionMax = repetitionMax;
  }

  /** Values and NULLs so far. */
  get count(): number {
    return this.#count;
  }

  get byteLength(): number {
    return this.values.length + this.#definitions.length + this.#repetitions.length;
  }

  /** Tells of one value, written before, or of one NULL: how deep it is defined, and which list it goes on with. */
  level(definition: number, repetition: number): void {
    this.#count += 1;
    if (this.definitionMax > 0) this.#definitions.byte(definition);
    if (this.repetitionMax > 0) this.#repetitions.byte(repetition);
  }

  /** The page of all values so far, in pieces that are valid until more values come, or `clear`. */
  page(): readonly Buffer[] {
    const parts: Buffer[] = [];
    if (this.repetitionMax > 0) parts.push(...levels(this.#repetitions.bytes));
    if (this.definitionMax > 0) parts.push(...levels(this.#definitions.bytes));
    parts.push(this.physical === 'boolean' ? packBits(this.values.bytes) : this.values.bytes);
    const size = i32(parts.reduce((sum, part) => sum + part.length, 0));
    const encodings = { 2: i32(plainEncoding), 3: i32(levelEncoding), 4: i32(levelEncoding) };
    const dataHeader = struct({ 1: i32(this.#count), ...encodings });
    const header = encodeThrift(struct({ 1: i32(dataPage), 2: size, 3: size, 5: dataHeader }));
    return [header, ...parts];
  }

  /** Begins again, in the room that there is. */
  clear(): void {
    for (const sink of [this.values, this.#definitions, this.#repetitions]) sink.clear();
    this.#count = 0;
  }
}

/** Levels as runs of equal ones, each a byte wide, with the length of it all in front. */
function levels(source: Buffer): [Buffer, Buffer] {
  const runs = new ByteSink();
  for (let start = 0; start < source.length; ) {
    const level = source[start] as number;
    let end = start + 1;
    while (end < source.length && source[end] === level) end += 1;
    for (let rest = (end - start) * 2; ; rest = Math.floor(rest / 128)) {
      runs.byte(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    runs.byte(level);
    start = end;
  }
  const length = Buffer.alloc(4);
  length.writeUInt32LE(runs.length);
  return [length, runs.bytes];
}

function packBits(source: Buffer): Buffer {
  const packed = Buffer.alloc(Math.ceil(source.length / 8));
  for (let index = 0; index < source.length; index += 1) {
    if (source[index]) packed[index >> 3] = (packed[index >> 3] as number) | (1 << (index & 7));
  }
  return packed;
}
