import { type EngineType, toTypeText } from '../../domain/values/engine-type.ts';
import { storeField } from './csv/store-field.ts';
import {
  type JsonColumn,
  JsonLeaf,
  JsonList,
  JsonMap,
  JsonSpan,
  JsonStruct,
  JsonText,
  type StoreLeaf,
  storeJson,
  ValueRefused,
} from './json/json-column.ts';
import { leafText } from './json/leaf-text.ts';
import type { Json } from './json/parse-json-line.ts';
import { LeafColumn, physicalTypes } from './parquet/leaf-column.ts';
import { i32, struct, type Thrift, text } from './parquet/thrift-compact.ts';
import { type LeafStorage, type LeafType, storageOf, textStorage } from './values/store-leaf.ts';

/** A column of the file that the engine loads, or the three of an interval. */
export interface SpoolColumn {
  readonly leaves: readonly LeafColumn[];
  readonly elements: readonly Thrift[];
  /** Columns at the top of the file. */
  readonly count: number;
  /** What makes the property of them, in the engine's language. */
  readonly expression: string;
  /** Whether the engine may refuse to read a value. */
  readonly mayFail: boolean;
}

/** A column of a file that the engine loads, as JSON fills it. */
export type JsonSpoolColumn = SpoolColumn & { readonly json: JsonColumn };

const required = 0;
const optional = 1;
const repeated = 2;
const listType = 3;
const mapType = 1;
const keyValueType = 2;
const spanParts = ['months', 'days', 'micros'] as const;

/** The column of a property whose values come as fields of CSV; undefined where the type cannot be loaded. */
export function createCsvColumn(
  name: string,
  type: EngineType,
): (SpoolColumn & { readonly json: JsonColumn | undefined }) | undefined {
  if (type.kind !== 'leaf' && isNative(type)) return createNativeColumn(name, type, csvStore);
  const column = createTextColumn(name, type);
  return column && { ...column, json: undefined };
}

function createTextColumn(name: string, type: EngineType): SpoolColumn | undefined {
  if (type.kind === 'leaf' && type.name === 'INTERVAL') return createSpanColumn(name);
  const storage = type.kind === 'leaf' || type.kind === 'decimal' ? storageOf(type) : textStorage;
  const typeText = toTypeText(type);
  if (!storage || !typeText) return undefined;
  const leaf = new LeafColumn([name], storage.physical, 1, 0);
  return {
    leaves: [leaf],
    elements: [leafElement(name, storage, leaf, optional)],
    count: 1,
    expression: storage.needsCast ? `cast(${name} AS ${typeText})` : name,
    mayFail: type.kind !== 'leaf' && type.kind !== 'decimal',
  };
}

/** The column of a property whose values come as JSON; undefined where the type cannot be loaded. */
export function createJsonColumn(name: string, type: EngineType): JsonSpoolColumn | undefined {
  if (type.kind === 'leaf' || type.kind === 'decimal') return createJsonLeaf(name, type);
  if (isNative(type)) return createNativeColumn(name, type, jsonStore);
  if (!hasTextOnly(type)) return undefined;
  const column = createTextColumn(name, type);
  const [leaf] = column?.leaves ?? [];
  return column && leaf && { ...column, json: new JsonText(leaf, type, leafText) };
}

/** How the leaves of a nested value are read, by their type. */
type StoreOf = (type: LeafType) => StoreLeaf;
const jsonStore: StoreOf = (type) => (column, json) => storeJson(column, type, json);
const csvStore: StoreOf = (type) => (column, json) => storeField(column, type, json as string);

function createNativeColumn(name: string, type: EngineType, storeOf: StoreOf): JsonSpoolColumn {
  const build: Build = { leaves: [], elements: [], storeOf };
  const json = addNode(build, type, [name], name, 0, 0);
  // An array stands in a file as a list.
  const expression = type.kind === 'array' ? `cast(${name} AS ${toTypeText(type)})` : name;
  const { leaves, elements } = build;
  return { leaves, elements, count: 1, expression, mayFail: false, json };
}

function createJsonLeaf(name: string, type: LeafType): JsonSpoolColumn | undefined {
  const column = createTextColumn(name, type);
  const [leaf] = column?.leaves ?? [];
  if (!column || !leaf) return undefined;
  const isSpan = column.leaves.length > 1;
  return { ...column, json: isSpan ? new JsonSpan(column.leaves) : new JsonLeaf(leaf, jsonStore(type)) };
}

function createSpanColumn(name: string): SpoolColumn {
  const names = spanParts.map((part) => `${name}_${part}`);
  const leaves = names.map((part) => new LeafColumn([part], 'int64', 1, 0));
  const storage: LeafStorage = { physical: 'int64', converted: 18, needsCast: false };
  const elements = leaves.map((leaf, index) => leafElement(names[index] ?? '', storage, leaf, optional));
  const calls = names.map((part, index) => `to_${['months', 'days', 'microseconds'][index]}(${part})`);
  return { leaves, elements, count: names.length, expression: `(${calls.join(' + ')})`, mayFail: false };
}

interface Build {
  readonly leaves: LeafColumn[];
  readonly elements: Thrift[];
  readonly storeOf: StoreOf;
}

/** True where Parquet has the type as it is, so that a text within it stays whatever it is. */
function isNative(type: EngineType, isTop = true): boolean {
  switch (type.kind) {
    case 'leaf':
      return storageOf(type)?.needsCast === false;
    case 'list':
      return isNative(type.element, false);
    case 'array':
      return isTop && isNative(type.element, false);
    case 'struct':
      return type.fields.length > 0 && type.fields.every((field) => isNative(field.type, false));
    case 'map':
      return type.key.kind === 'leaf' && isNative(type.key, false) && isNative(type.value, false);
    default:
      return false;
  }
}

/** True where no leaf can be mistaken for punctuation, so that the engine reads any value from a text. */
function hasTextOnly(type: EngineType): boolean {
  if (type.kind === 'list' || type.kind === 'array') return hasTextOnly(type.element);
  if (type.kind === 'struct') return type.fields.every((field) => hasTextOnly(field.type));
  if (type.kind === 'decimal') return true;
  return type.kind === 'leaf' && storageOf(type) !== undefined && !['STRING', 'BLOB'].includes(type.name);
}

/** Adds a part of a type to the schema, depth first. `definition` is how deep its place is defined without it. */
function addNode(
  build: Build,
  type: EngineType,
  path: readonly string[],
  name: string,
  definition: number,
  repetition: number,
  isKey = false,
): JsonColumn {
  switch (type.kind) {
    case 'leaf': {
      const storage = storageOf(type);
      if (!storage) break;
      const leaf = new LeafColumn(path, storage.physical, isKey ? definition : definition + 1, repetition);
      build.leaves.push(leaf);
      build.elements.push(leafElement(name, storage, leaf, isKey ? required : optional));
      return new JsonLeaf(leaf, build.storeOf(type));
    }
    case 'list':
    case 'array': {
      build.elements.push(groupElement(name, optional, 1, listType), groupElement('list', repeated, 1));
      const inner = [...path, 'list', 'element'];
      const element = addNode(build, type.element, inner, 'element', definition + 2, repetition + 1);
      return new JsonList(element, definition, repetition + 1, type.kind === 'array' ? type.size : undefined);
    }
    case 'map': {
      build.elements.push(
        groupElement(name, optional, 1, mapType),
        groupElement('key_value', repeated, 2, keyValueType),
      );
      const inner = [...path, 'key_value'];
      const [below, level] = [definition + 2, repetition + 1];
      const key = addNode(build, type.key, [...inner, 'key'], 'key', below, level, true);
      const value = addNode(build, type.value, [...inner, 'value'], 'value', below, level);
      const identityOf = identityIn(type.key, build.storeOf);
      return new JsonMap({ key, value, identityOf }, definition, level);
    }
    case 'struct': {
      build.elements.push(groupElement(name, optional, type.fields.length));
      const fields = type.fields.map((field): [string, JsonColumn] => [
        field.name,
        addNode(build, field.type, [...path, field.name], field.name, definition + 1, repetition),
      ]);
      return new JsonStruct(new Map(fields), definition);
    }
  }
  throw new ValueRefused('cannot be stored');
}

/** Keys of a map are the same where they are stored alike, as 0 and -0 of an integer are. */
function identityIn(type: EngineType, storeOf: StoreOf): (key: Json) => string {
  const storage = type.kind === 'leaf' ? storageOf(type) : undefined;
  if (type.kind !== 'leaf' || !storage || type.name === 'STRING') return String;
  const store = storeOf(type);
  return (key) => {
    const scratch = new LeafColumn([], storage.physical, 0, 0);
    const problem = store(scratch, key);
    if (problem !== undefined) throw new ValueRefused(problem);
    return scratch.values.bytes.toString('latin1');
  };
}

function leafElement(name: string, storage: LeafStorage, leaf: LeafColumn, repetition: number): Thrift {
  return struct({
    1: i32(physicalTypes[leaf.physical]),
    3: i32(repetition),
    4: text(name),
    6: storage.converted === undefined ? undefined : i32(storage.converted),
  });
}

function groupElement(name: string, repetition: number, children: number, converted?: number): Thrift {
  return struct({
    3: i32(repetition),
    4: text(name),
    5: i32(children),
    6: converted === undefined ? undefined : i32(converted),
  });
}
