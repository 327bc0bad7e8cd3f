import type { MapEntry, Value } from '../../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType, TypeField } from '../engine-type.ts';
import type { GraphTables } from '../graph-tables.ts';
import type { Decoder } from '../plain-decoder.ts';
import { InexactValue, listValue, nullValue, toField, toValue } from '../value.ts';
import { readGraph } from './read-graph.ts';
import { readKeyLeaf, readLeaf } from './read-leaf.ts';
import { TextCursor } from './text-cursor.ts';

type RawObject = Readonly<Record<string, unknown>>;

/** Reads a part of a value: what the binding gave for it, and the place of its text, which is taken. */
export type TextReader = (type: EngineType, raw: unknown, cursor: TextCursor) => Value;

/**
 * Reads `{v: x, s: cast(x AS STRING)}`. Neither is exact alone: the value has lost digits and the keys of its maps,
 * and the text does not tell a comma in a string from one between elements. Together they are: the value says what
 * comes next and how long its strings are, the text has all digits. In a list of unions `t` are their tags. Throws
 * InexactValue where that leaves two ways.
 */
export function createTextDecoder(type: EngineType, tables: GraphTables): Decoder {
  const read: TextReader = (part, raw, cursor) => readPart(part, raw, cursor, read, tables);
  return (raw) => {
    const { v, s, t } = (raw ?? {}) as { readonly v?: unknown; readonly s?: unknown; readonly t?: string[] };
    if (v === null || v === undefined) return nullValue();
    if (typeof s !== 'string') throw new InexactValue('a value without text');
    const cursor = new TextCursor(s);
    const value = t ? readUnions(type, v, t, cursor, read) : read(type, v, cursor);
    if (!cursor.isAtEnd) throw new InexactValue('a text that is longer than its value');
    return value;
  };
}

function readPart(
  type: EngineType,
  raw: unknown,
  cursor: TextCursor,
  read: TextReader,
  tables: GraphTables,
): Value {
  // The text of NULL is empty.
  if (raw === null || raw === undefined) return nullValue();
  switch (type.kind) {
    case 'decimal':
      return readLeaf(type, raw, cursor);
    case 'leaf':
      return readGraph(type.name, raw, cursor, read, tables) ?? readLeaf(type, raw, cursor);
    case 'list':
    case 'array':
      return readList(type.element, raw, cursor, read);
    case 'struct':
      return readStruct(type.fields, raw, cursor, read);
    case 'map':
      return readMap(type, raw, cursor, read);
    case 'union':
      return readUnion(type.fields, raw, cursor, read);
  }
}

function readList(element: EngineType, raw: unknown, cursor: TextCursor, read: TextReader): Value {
  if (!Array.isArray(raw)) throw new InexactValue('LIST');
  cursor.expect('[');
  const values = raw.map((each, index) => {
    if (index > 0) cursor.expect(',');
    return read(element, each, cursor);
  });
  cursor.expect(']');
  return listValue(values);
}

function readUnions(
  type: EngineType,
  raw: unknown,
  tags: readonly string[],
  cursor: TextCursor,
  read: TextReader,
): Value {
  if (type.kind !== 'list' || type.element.kind !== 'union') throw new InexactValue('UNION');
  const { fields } = type.element;
  let index = 0;
  return readList(type.element, raw, cursor, (_, each, at) => {
    const tag = tags[index];
    index += 1;
    if (each === null) return nullValue();
    return readUnion(
      fields.filter(({ name }) => name === tag),
      each,
      at,
      read,
    );
  });
}

function readStruct(fields: readonly TypeField[], raw: unknown, cursor: TextCursor, read: TextReader): Value {
  if (typeof raw !== 'object') throw new InexactValue('STRUCT');
  cursor.expect('{');
  const values = fields.map(({ name, type }, index) => {
    if (!Object.hasOwn(raw as RawObject, name)) throw new InexactValue('STRUCT');
    cursor.expect(`${index > 0 ? ', ' : ''}${name}: `);
    return toField(name, read(type, (raw as RawObject)[name], cursor));
  });
  cursor.expect('}');
  return toValue({ case: 'structValue', value: { $typeName: 'trellis.graph.v1.Struct', fields: values } });
}

/** The binding's object has the values by the texts of their keys, in an order of its own. */
function readMap(
  type: Extract<EngineType, { readonly kind: 'map' }>,
  raw: unknown,
  cursor: TextCursor,
  read: TextReader,
): Value {
  if (typeof raw !== 'object') throw new InexactValue('MAP');
  const object = raw as RawObject;
  const left = new Set(Object.keys(object));
  const entries: MapEntry[] = [];
  cursor.expect('{');
  while (left.size > 0) {
    if (entries.length > 0) cursor.expect(', ');
    const { text, key } = readKey(type.key, left, cursor);
    // A key that comes twice has lost one of its values.
    if (!left.delete(text)) throw new InexactValue('MAP');
    cursor.expect('=');
    const value = read(type.value, object[text], cursor);
    entries.push({ $typeName: 'trellis.graph.v1.MapEntry', key, value });
  }
  cursor.expect('}');
  return toValue({ case: 'mapValue', value: { $typeName: 'trellis.graph.v1.Map', entries } });
}

function readKey(type: EngineType, keys: ReadonlySet<string>, cursor: TextCursor) {
  if (type.kind === 'leaf' && (type.name === 'STRING' || type.name === 'BLOB')) {
    const [text, ...others] = [...keys].filter((key) => cursor.sees(`${key}=`));
    if (text === undefined || others.length > 0) throw new InexactValue('MAP');
    cursor.expect(text);
    if (type.name === 'STRING') return { text, key: toValue({ case: 'stringValue', value: text }) };
    const bytes = text.replace(/\\x([0-9A-F]{2})/g, (_, hex) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
    return {
      text,
      key: toValue({ case: 'bytesValue', value: new Uint8Array(Buffer.from(bytes, 'latin1')) }),
    };
  }
  if (type.kind === 'leaf' || type.kind === 'decimal') return readKeyLeaf(type, cursor);
  throw new InexactValue('MAP');
}

/** Neither value nor text says which field a union has: it is known where only one can be read. */
function readUnion(fields: readonly TypeField[], raw: unknown, cursor: TextCursor, read: TextReader): Value {
  const [held] = Object.values(raw as RawObject);
  const found = fields.flatMap(({ name, type }) => {
    const fork = cursor.fork();
    try {
      return [{ field: toField(name, read(type, held, fork)), fork }];
    } catch (error) {
      if (error instanceof InexactValue) return [];
      throw error;
    }
  });
  const [one, ...others] = found;
  if (!one || others.length > 0) throw new InexactValue('UNION');
  cursor.moveTo(one.fork);
  return toValue({
    case: 'structValue',
    value: { $typeName: 'trellis.graph.v1.Struct', fields: [one.field] },
  });
}
