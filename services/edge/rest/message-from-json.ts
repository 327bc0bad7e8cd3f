import { type DescField, type DescMessage, getOption, type Message, ScalarType } from '@bufbuild/protobuf';
import { type ReflectMessage, reflect } from '@bufbuild/protobuf/reflect';
import { ValueSchema } from '../../../gen/trellis/graph/v1/value_pb.js';
import { RestForm, rest_form } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { findField } from './fields.ts';
import { describeJson, isArray, type Json, JsonNumber } from './json-tree.ts';
import { malformedBody, memberPath, quote } from './malformed.ts';
import {
  isSpecialFloat,
  readBase64,
  readEnumText,
  readFloat,
  readInteger,
  readScalarText,
  TextMismatch,
} from './scalar-text.ts';
import { valueFromJson } from './value-from-json.ts';
import { hasOwnForm, readOwnForm } from './well-known.ts';

// An option is parsed each time that it is asked for.
const formByType = new WeakMap<DescMessage, RestForm>();

/** The REST form of a message type; only graph.v1.Value is known to be written as a plain value. */
export function restForm(desc: DescMessage): RestForm {
  const known = formByType.get(desc);
  if (known !== undefined) return known;
  const form = getOption(desc, rest_form);
  if (form === RestForm.VALUE && desc.typeName !== ValueSchema.typeName) {
    throw new Error(`REST_FORM_VALUE is not known for ${desc.typeName}`);
  }
  formByType.set(desc, form);
  return form;
}

/**
 * Sets the fields of a message from REST JSON: canonical protobuf JSON, with graph values as plain JSON.
 * MALFORMED_BODY names the path where a name is unknown or a value has the wrong type. `path` is that of the object.
 */
export function readJsonInto(target: ReflectMessage, json: Json, path = ''): void {
  if (!(json instanceof Map)) throw malformedBody(path, `an object is expected, not ${describeJson(json)}`);
  const seen = new Set<string>();
  for (const [name, member] of json) {
    const field = findField(target.desc, name);
    if (!field) throw malformedBody(path, `unknown field ${quote(name)}`);
    if (seen.has(field.name)) throw malformedBody(path, `the field ${quote(name)} is given twice`);
    seen.add(field.name);
    if (member === null && !takesNull(field)) continue;
    const other = field.oneof && target.oneofCase(field.oneof);
    if (other)
      throw malformedBody(path, `only one of ${quote(other.jsonName)} and ${quote(name)} can be given`);
    readField(target, field, member, memberPath(path, name));
  }
}

/** Sets one field from REST JSON, replacing what it has. `path` is that of the field. */
export function readField(target: ReflectMessage, field: DescField, json: Json, path: string): void {
  if (field.fieldKind === 'list') {
    if (!isArray(json)) throw malformedBody(path, `an array is expected, not ${describeJson(json)}`);
    const list = target.get(field);
    for (const [index, element] of json.entries()) list.add(readSingle(field, element, `${path}[${index}]`));
  } else if (field.fieldKind === 'map') {
    if (!(json instanceof Map)) throw malformedBody(path, `an object is expected, not ${describeJson(json)}`);
    const map = target.get(field);
    for (const [name, member] of json) {
      const key = readScalarText(field.mapKey, name);
      if (key instanceof TextMismatch) throw malformedBody(path, `the key ${quote(name)} ${key.expected}`);
      if (map.has(key)) throw malformedBody(path, `the key ${quote(name)} is given twice`);
      map.set(key, readSingle(field, member, memberPath(path, name)));
    }
  } else {
    target.set(field, readSingle(field, json, path));
  }
}

function readSingle(field: DescField, json: Json, path: string): unknown {
  if (field.message) return reflect(field.message, readMessage(field.message, json, path));
  const value = field.enum ? readEnum(field, json) : readScalar(field.scalar, json);
  if (!(value instanceof TextMismatch)) return value;
  // Where a number does not fit, it is not its being a number that is wrong.
  const isNumber = json instanceof JsonNumber && isNumeric(field.scalar);
  throw malformedBody(path, isNumber ? value.expected : `${value.expected}, not ${describeJson(json)}`);
}

function readMessage(desc: DescMessage, json: Json, path: string): Message {
  if (restForm(desc) === RestForm.VALUE) return valueFromJson(json, path);
  if (hasOwnForm(desc)) {
    const message = readOwnForm(desc, json);
    if (message instanceof TextMismatch) throw malformedBody(path, message.expected);
    return message;
  }
  const target = reflect(desc);
  if (restForm(desc) === RestForm.ROW) readField(target, rowField(desc), json, path);
  else readJsonInto(target, json, path);
  return target.message;
}

/** The field of a row that holds its values. */
export function rowField(desc: DescMessage): DescField & { fieldKind: 'list' } {
  const [field] = desc.fields;
  if (field?.fieldKind !== 'list' || desc.fields.length !== 1) {
    throw new Error(`REST_FORM_ROW needs a message with one repeated field: ${desc.typeName}`);
  }
  return field;
}

function takesNull(field: DescField): boolean {
  if (field.fieldKind === 'list' || field.fieldKind === 'map') return false;
  if (field.enum) return field.enum.typeName === 'google.protobuf.NullValue';
  if (!field.message) return false;
  return field.message.typeName === 'google.protobuf.Value' || restForm(field.message) === RestForm.VALUE;
}

function isNumeric(type: ScalarType | undefined): boolean {
  return type !== undefined && ![ScalarType.STRING, ScalarType.BYTES, ScalarType.BOOL].includes(type);
}

function readEnum(field: DescField, json: Json): number | TextMismatch {
  const desc = field.enum;
  if (!desc) return new TextMismatch('must be an enum');
  if (json === null && desc.typeName === 'google.protobuf.NullValue') return 0;
  if (typeof json === 'string') return readEnumText(desc, json);
  const number = json instanceof JsonNumber ? readInteger(ScalarType.INT32, json.source) : undefined;
  const isKnown = typeof number === 'number' && desc.value[number] !== undefined;
  return isKnown ? number : new TextMismatch(`must be the name of a ${desc.name}`);
}

function readScalar(type: ScalarType | undefined, json: Json): unknown {
  switch (type) {
    case ScalarType.STRING:
      return typeof json === 'string' ? json : new TextMismatch('must be a string');
    case ScalarType.BOOL:
      return typeof json === 'boolean' ? json : new TextMismatch('must be true or false');
    case ScalarType.BYTES:
      return (typeof json === 'string' && readBase64(json)) || new TextMismatch('must be base64');
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      if (json instanceof JsonNumber) return readFloat(type, Number(json.source));
      if (typeof json === 'string' && isSpecialFloat(json)) return readFloat(type, Number(json), true);
      return typeof json === 'string' ? readScalarText(type, json) : new TextMismatch('must be a number');
    default: {
      const source = json instanceof JsonNumber ? json.source : json;
      return type !== undefined && typeof source === 'string'
        ? readInteger(type, source)
        : new TextMismatch('must be an integer');
    }
  }
}
