import type { EngineType } from '../../../domain/values/engine-type.ts';
import type { LeafColumn } from '../parquet/leaf-column.ts';
import { type LeafType, storeSpan, storeText } from '../values/store-leaf.ts';
import { type Json, JsonNumber } from './parse-json-line.ts';

/** A value that its column cannot hold. The message says what is wrong with it. */
export class ValueRefused extends Error {
  override readonly name = 'ValueRefused';
}

/** Takes the JSON values of a column, or of a part of one. */
export interface JsonColumn {
  /** Adds a value; `repetition` tells which list it goes on with. Throws ValueRefused. */
  put(json: Json, repetition: number): void;
  /** Adds that there is no value, as something around it is NULL or empty. */
  putNothing(definition: number, repetition: number): void;
}

/** Puts a value that is not null into its column; answers with what is wrong where it cannot be one. */
export type StoreLeaf = (column: LeafColumn, json: Json) => string | undefined;

/** A value without parts. */
export class JsonLeaf implements JsonColumn {
  readonly #column: LeafColumn;
  readonly #store: StoreLeaf;

  constructor(column: LeafColumn, store: StoreLeaf) {
    this.#column = column;
    this.#store = store;
  }

  put(json: Json, repetition: number): void {
    const { definitionMax } = this.#column;
    if (json === null) {
      this.#column.level(definitionMax - 1, repetition);
      return;
    }
    const problem = this.#store(this.#column, json);
    if (problem !== undefined) throw new ValueRefused(problem);
    this.#column.level(definitionMax, repetition);
  }

  putNothing(definition: number, repetition: number): void {
    this.#column.level(definition, repetition);
  }
}

/** An interval: three columns. It stands at the top only. */
export class JsonSpan implements JsonColumn {
  readonly #columns: readonly LeafColumn[];

  constructor(columns: readonly LeafColumn[]) {
    this.#columns = columns;
  }

  put(json: Json): void {
    if (json !== null && typeof json !== 'string') throw new ValueRefused('must be a string');
    const problem = json === null ? undefined : storeSpan(this.#columns, json);
    if (problem !== undefined) throw new ValueRefused(problem);
    for (const column of this.#columns) column.level(json === null ? 0 : 1, 0);
  }

  putNothing(): void {
    this.put(null);
  }
}

/** A list, or an array of a fixed length. */
export class JsonList implements JsonColumn {
  readonly #element: JsonColumn;
  /** How deep the place is defined where the list itself is NULL. */
  readonly #definition: number;
  readonly #repetition: number;
  readonly #length: number | undefined;

  constructor(element: JsonColumn, definition: number, repetition: number, length: number | undefined) {
    this.#element = element;
    this.#definition = definition;
    this.#repetition = repetition;
    this.#length = length;
  }

  put(json: Json, repetition: number): void {
    if (json === null) {
      this.putNothing(this.#definition, repetition);
      return;
    }
    if (!Array.isArray(json)) throw new ValueRefused('must be an array');
    if (this.#length !== undefined && json.length !== this.#length) {
      throw new ValueRefused(`must have ${this.#length} elements, not ${json.length}`);
    }
    if (json.length === 0) {
      this.putNothing(this.#definition + 1, repetition);
      return;
    }
    json.forEach((element: Json, index) => {
      at(`[${index}]`, () => this.#element.put(element, index === 0 ? repetition : this.#repetition));
    });
  }

  putNothing(definition: number, repetition: number): void {
    this.#element.putNothing(definition, repetition);
  }
}

/** What a map is made of. */
export interface MapParts {
  readonly key: JsonColumn;
  readonly value: JsonColumn;
  /** The same text for keys that are the same value. Throws ValueRefused. */
  identityOf(key: Json): string;
}

/** A map: an object, or an array of [key, value] pairs. */
export class JsonMap implements JsonColumn {
  readonly #key: JsonColumn;
  readonly #value: JsonColumn;
  /** What two keys have in common where they are the same value, whatever they are written like. */
  readonly #identityOf: (key: Json) => string;
  readonly #definition: number;
  readonly #repetition: number;

  constructor({ key, value, identityOf }: MapParts, definition: number, repetition: number) {
    this.#key = key;
    this.#value = value;
    this.#identityOf = identityOf;
    this.#definition = definition;
    this.#repetition = repetition;
  }

  put(json: Json, repetition: number): void {
    if (json === null) {
      this.putNothing(this.#definition, repetition);
      return;
    }
    const pairs = toPairs(json);
    if (pairs.length === 0) {
      this.putNothing(this.#definition + 1, repetition);
      return;
    }
    const keys = new Set<string>();
    pairs.forEach(([key, value], index) => {
      const level = index === 0 ? repetition : this.#repetition;
      if (key === null || (typeof key === 'object' && !(key instanceof JsonNumber))) {
        throw new ValueRefused(`[${index}] has a key that is no plain value`);
      }
      const identity = at(`[${index}][0]`, () => this.#identityOf(key));
      if (keys.has(identity)) {
        const name = key instanceof JsonNumber ? key.source : String(key);
        throw new ValueRefused(`has the key ${JSON.stringify(name.slice(0, 80))} twice`);
      }
      keys.add(identity);
      at(`[${index}][0]`, () => this.#key.put(key, level));
      at(`[${index}][1]`, () => this.#value.put(value, level));
    });
  }

  putNothing(definition: number, repetition: number): void {
    this.#key.putNothing(definition, repetition);
    this.#value.putNothing(definition, repetition);
  }
}

/** A struct: an object with no other names than its fields. A field that is missing is NULL. */
export class JsonStruct implements JsonColumn {
  readonly #fields: ReadonlyMap<string, JsonColumn>;
  readonly #definition: number;

  constructor(fields: ReadonlyMap<string, JsonColumn>, definition: number) {
    this.#fields = fields;
    this.#definition = definition;
  }

  put(json: Json, repetition: number): void {
    if (json === null) {
      this.putNothing(this.#definition, repetition);
      return;
    }
    if (!(json instanceof Map)) throw new ValueRefused('must be an object');
    for (const name of json.keys()) {
      if (!this.#fields.has(name)) {
        throw new ValueRefused(`has a field ${JSON.stringify(name.slice(0, 80))} that the type has not`);
      }
    }
    for (const [name, field] of this.#fields)
      at(`.${name}`, () => field.put(json.get(name) ?? null, repetition));
  }

  putNothing(definition: number, repetition: number): void {
    for (const field of this.#fields.values()) field.putNothing(definition, repetition);
  }
}

/** A nested value as one text, for types whose leaves cannot be mistaken for punctuation; the engine reads it. */
export class JsonText implements JsonColumn {
  readonly #column: LeafColumn;
  readonly #type: EngineType;
  readonly #check: (type: LeafType, json: Json) => string;

  constructor(column: LeafColumn, type: EngineType, check: (type: LeafType, json: Json) => string) {
    this.#column = column;
    this.#type = type;
    this.#check = check;
  }

  put(json: Json): void {
    if (json !== null) this.#column.values.sizedText(this.#write(json, this.#type));
    this.#column.level(json === null ? 0 : 1, 0);
  }

  putNothing(): void {
    this.put(null);
  }

  #write(json: Json, type: EngineType): string {
    if (json === null) return 'NULL';
    if (type.kind === 'list' || type.kind === 'array') {
      if (!Array.isArray(json)) throw new ValueRefused('must be an array');
      if (type.kind === 'array' && json.length !== type.size) {
        throw new ValueRefused(`must have ${type.size} elements, not ${json.length}`);
      }
      const parts = json.map((part: Json, index) => at(`[${index}]`, () => this.#write(part, type.element)));
      return `[${parts.join(',')}]`;
    }
    if (type.kind === 'struct') {
      if (!(json instanceof Map)) throw new ValueRefused('must be an object');
      const names = new Set(type.fields.map(({ name }) => name));
      const extra = [...json.keys()].find((name) => !names.has(name));
      if (extra !== undefined)
        throw new ValueRefused(`has a field ${JSON.stringify(extra.slice(0, 80))} that the type has not`);
      const parts = type.fields.map(({ name, type: inner }) => {
        return `${name}: ${at(`.${name}`, () => this.#write(json.get(name) ?? null, inner))}`;
      });
      return `{${parts.join(',')}}`;
    }
    return this.#check(type as LeafType, json);
  }
}

function at<T>(path: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof ValueRefused)) throw error;
    const isPath = /^[.[]/.test(error.message);
    throw new ValueRefused(`${path}${isPath ? '' : ' '}${error.message}`);
  }
}

function toPairs(json: Json): readonly (readonly [Json, Json])[] {
  if (json instanceof Map) return [...json];
  if (!Array.isArray(json)) throw new ValueRefused('must be an object or an array of [key, value] pairs');
  return json.map((pair: Json, index) => {
    const [key, value, ...more] = (Array.isArray(pair) ? pair : []) as readonly Json[];
    if (key !== undefined && value !== undefined && more.length === 0) return [key, value] as const;
    throw new ValueRefused(`[${index}] must be a [key, value] pair`);
  });
}

/** Puts a JSON value that is not null into its column; answers with what is wrong where it is of another type. */
export function storeJson(column: LeafColumn, type: LeafType, json: Json): string | undefined {
  if (json instanceof JsonNumber) return storeNumber(column, type, json.source);
  if (typeof json === 'boolean') {
    if (type.kind !== 'leaf' || type.name !== 'BOOL') return `must not be ${json}`;
    column.values.byte(json ? 1 : 0);
    return undefined;
  }
  if (typeof json !== 'string') return 'must be no array and no object';
  if (type.kind === 'leaf' && type.name === 'BLOB') return storeBase64(column, json);
  if (type.kind === 'leaf' && type.name === 'BOOL') return 'must be true or false';
  const isReal = type.kind === 'leaf' && (type.name === 'DOUBLE' || type.name === 'FLOAT');
  if (isReal && !/^(?:NaN|-?Infinity)$/.test(json))
    return 'must be a number, "NaN", "Infinity" or "-Infinity"';
  return storeText(column, type, json);
}

function storeNumber(column: LeafColumn, type: LeafType, source: string): string | undefined {
  const isNumeric = type.kind === 'decimal' || /^(?:U?INT\d+|FLOAT|DOUBLE)$/.test(type.name);
  if (!isNumeric) return `must be a ${type.name === 'BOOL' ? 'boolean' : 'string'}`;
  if (type.kind === 'leaf' && type.name === 'INT64' && source.length <= 15 && !/[.eE]/.test(source)) {
    column.values.int64(Number(source));
    return undefined;
  }
  if (type.kind === 'leaf' && type.name === 'DOUBLE') {
    const value = Number(source);
    if (!Number.isFinite(value)) return 'is beyond what a DOUBLE holds';
    column.values.double(value);
    return undefined;
  }
  return storeText(column, type, source);
}

function storeBase64({ values }: LeafColumn, source: string): string | undefined {
  if (source.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(source)) return 'is no base64';
  const bytes = Buffer.from(source, 'base64');
  values.sized(bytes, 0, bytes.length);
  return undefined;
}
