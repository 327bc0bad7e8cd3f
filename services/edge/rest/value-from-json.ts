import { create } from '@bufbuild/protobuf';
import { NullValue } from '@bufbuild/protobuf/wkt';
import {
  type Field,
  FieldSchema,
  ListSchema,
  MapEntrySchema,
  MapSchema,
  StructSchema,
  type Value,
  ValueSchema,
} from '../../../gen/trellis/graph/v1/value_pb.js';
import { type EngineType, parseEngineType } from './engine-type.ts';
import { integerRanges, isWithin } from './exact-number.ts';
import { describeJson, isArray, type Json, JsonNumber, type JsonObject } from './json-tree.ts';
import { invalidField, memberPath, quote } from './malformed.ts';
import { TextMismatch } from './scalar-text.ts';
import { readTypedScalar } from './typed-scalar.ts';

/** A struct or map within a value is three messages in protobuf, whose parsers stop at 100. */
const nestingMax = 32;

/**
 * A parameter from REST JSON. Plain JSON: integers become INT64, or UINT64 or INT128 where it takes that; other
 * numbers DOUBLE; arrays LIST; objects STRUCT. `{"$type": "<engine type>", "value": …}` says the type; its value is
 * what a result of that type shows. INVALID_REQUEST names the path where it cannot be.
 */
export function valueFromJson(json: Json, path: string, depth = 1): Value {
  if (depth > nestingMax) throw invalidField(path, `is nested deeper than ${nestingMax} levels`);
  if (json === null) return toValue({ case: 'nullValue', value: NullValue.NULL_VALUE });
  if (typeof json === 'string') return toValue({ case: 'stringValue', value: json });
  if (typeof json === 'boolean') return toValue({ case: 'boolValue', value: json });
  if (json instanceof JsonNumber) return numberValue(json.source, path);
  if (isArray(json)) {
    return listOf(json.map((element, index) => valueFromJson(element, `${path}[${index}]`, depth + 1)));
  }
  if (json.has('$type')) return typedValue(json, path, depth);
  return structOf(
    [...json].map(([name, member]) => {
      return fieldOf(name, valueFromJson(member, memberPath(path, name), depth + 1));
    }),
  );
}

function numberValue(source: string, path: string): Value {
  if (/[.eE]/.test(source)) {
    const value = Number(source);
    if (!Number.isFinite(value)) throw invalidField(path, 'is out of the range of DOUBLE');
    return toValue({ case: 'doubleValue', value });
  }
  const integer = source.length > 60 ? undefined : BigInt(source);
  if (integer !== undefined) {
    if (isWithin(integer, integerRanges.INT64)) return toValue({ case: 'int64Value', value: integer });
    if (isWithin(integer, integerRanges.UINT64)) return toValue({ case: 'uint64Value', value: integer });
    if (isWithin(integer, integerRanges.INT128)) {
      return toValue({ case: 'int128Value', value: integer.toString() });
    }
  }
  throw invalidField(path, 'is an integer beyond INT128');
}

function typedValue(json: JsonObject, path: string, depth: number): Value {
  const typeText = json.get('$type');
  const value = json.get('value');
  if (typeof typeText !== 'string' || value === undefined || json.size !== 2) {
    throw invalidField(path, 'a typed value is {"$type": "<engine type>", "value": …} and nothing else');
  }
  const type = parseEngineType(typeText);
  if (!type) throw invalidField(memberPath(path, '$type'), `${quote(typeText)} is not an engine type`);
  return readAs(type, value, memberPath(path, 'value'), depth);
}

function readAs(type: EngineType | undefined, json: Json, path: string, depth: number): Value {
  if (!type) return valueFromJson(json, path, depth);
  if (depth > nestingMax) throw invalidField(path, `is nested deeper than ${nestingMax} levels`);
  if (json === null) return toValue({ case: 'nullValue', value: NullValue.NULL_VALUE });
  if (type.kind === 'list') return readList(type, json, path, depth);
  if (type.kind === 'struct') return readStruct(type, json, path, depth);
  if (type.kind === 'map') return readMap(type, json, path, depth);
  const kind = readTypedScalar(type, json);
  if (kind instanceof TextMismatch) throw invalidField(path, kind.expected);
  return toValue(kind);
}

function readList(type: EngineType & { kind: 'list' }, json: Json, path: string, depth: number): Value {
  if (!isArray(json)) throw invalidField(path, `must be an array, not ${describeJson(json)}`);
  if (type.length !== undefined && json.length !== type.length) {
    throw invalidField(path, `must have ${type.length} elements, not ${json.length}`);
  }
  return listOf(json.map((element, index) => readAs(type.element, element, `${path}[${index}]`, depth + 1)));
}

function readStruct(
  { fields }: EngineType & { kind: 'struct' },
  json: Json,
  path: string,
  depth: number,
): Value {
  if (!(json instanceof Map)) throw invalidField(path, `must be an object, not ${describeJson(json)}`);
  const extra = fields && [...json.keys()].find((name) => !fields.has(name));
  if (extra !== undefined) throw invalidField(path, `the type has no field ${quote(extra)}`);
  const missing = fields && [...fields.keys()].find((name) => !json.has(name));
  if (missing !== undefined) throw invalidField(path, `the field ${quote(missing)} is missing`);
  return structOf(
    [...(fields ?? json).keys()].map((name) => {
      const member = json.get(name) ?? null;
      return fieldOf(name, readAs(fields?.get(name), member, memberPath(path, name), depth + 1));
    }),
  );
}

function readMap(type: EngineType & { kind: 'map' }, json: Json, path: string, depth: number): Value {
  const entries = toPairs(json, path).map(([keyJson, valueJson], index) => {
    const key = readAs(type.key, keyJson, `${path}[${index}][0]`, depth + 1);
    if (key.kind.case === 'nullValue') throw invalidField(`${path}[${index}][0]`, 'a key cannot be null');
    const entry = create(MapEntrySchema);
    entry.key = key;
    entry.value = readAs(type.value, valueJson, `${path}[${index}][1]`, depth + 1);
    return entry;
  });
  const map = create(MapSchema);
  map.entries = entries;
  return toValue({ case: 'mapValue', value: map });
}

function toPairs(json: Json, path: string): readonly (readonly [Json, Json])[] {
  if (json instanceof Map) return [...json];
  if (!isArray(json)) throw invalidField(path, 'must be an object or an array of [key, value] pairs');
  return json.map((pair, index) => {
    const [key, value, ...more] = isArray(pair) ? pair : [];
    if (key === undefined || value === undefined || more.length > 0) {
      throw invalidField(`${path}[${index}]`, 'must be a [key, value] pair');
    }
    return [key, value];
  });
}

function toValue(kind: Value['kind']): Value {
  const value = create(ValueSchema);
  value.kind = kind;
  return value;
}

function listOf(values: Value[]): Value {
  const list = create(ListSchema);
  list.values = values;
  return toValue({ case: 'listValue', value: list });
}

function structOf(fields: Field[]): Value {
  const struct = create(StructSchema);
  struct.fields = fields;
  return toValue({ case: 'structValue', value: struct });
}

function fieldOf(name: string, value: Value): Field {
  const field = create(FieldSchema);
  field.name = name;
  field.value = value;
  return field;
}
