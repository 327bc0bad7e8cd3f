import { base64Encode } from '@bufbuild/protobuf/wire';
import type {
  Field,
  InternalId,
  Map as MapValue,
  Node,
  Relationship,
  Value,
} from '../../../gen/trellis/graph/v1/value_pb.js';
import { dateText } from './calendar.ts';
import { intervalText } from './interval-text.ts';
import { momentText } from './moment.ts';
import { timestampUnitsPerSecond } from './typed-scalar.ts';

const safeMax = BigInt(Number.MAX_SAFE_INTEGER);

/** Names that a node or relationship has of itself, with any underscores before. */
const ownNamePattern = /^_+(?:id|label|src|dst)$/;

/**
 * A value as JSON text for people: see the README for the form of each type. Text, because objects would lose the
 * order of members and `-0`.
 */
export function valueToJson({ kind }: Value): string {
  switch (kind.case) {
    case 'nullValue':
      return 'null';
    case 'boolValue':
      return kind.value ? 'true' : 'false';
    case 'int64Value':
    case 'uint64Value':
      return integerJson(kind.value);
    case 'floatValue':
      return floatJson(shortestFloat(kind.value));
    case 'doubleValue':
      return floatJson(kind.value);
    case 'stringValue':
    case 'int128Value':
    case 'decimalValue':
    case 'uuidValue':
      return JSON.stringify(kind.value);
    case 'bytesValue':
      return `"${base64Encode(kind.value)}"`;
    case 'dateValue':
      return `"${dateText(kind.value)}"`;
    case 'timestampValue':
      return `"${momentText(kind.value.sinceEpoch, timestampUnitsPerSecond(kind.value.precision))}"`;
    case 'intervalValue':
      return `"${intervalText(kind.value)}"`;
    case 'internalIdValue':
      return idJson(kind.value);
    case 'listValue':
      return arrayJson(kind.value.values.map(valueToJson));
    case 'structValue':
      return `{${kind.value.fields.map((field) => memberJson(field.name, field)).join(',')}}`;
    case 'mapValue':
      return mapJson(kind.value);
    case 'nodeValue':
      return nodeJson(kind.value);
    case 'relationshipValue':
      return relationshipJson(kind.value);
    case 'pathValue': {
      const { nodes, relationships } = kind.value;
      const parts = [
        arrayJson(nodes.map(partJson(nodeJson))),
        arrayJson(relationships.map(partJson(relationshipJson))),
      ];
      return `{"nodes":${parts[0]},"relationships":${parts[1]}}`;
    }
    default:
      throw new Error('a value without a kind cannot be written');
  }
}

// What an optional pattern did not find stands in a path without label.
function partJson<T extends Node | Relationship>(toJson: (part: T) => string): (part: T) => string {
  return (part) => (part.label === '' ? 'null' : toJson(part));
}

/** An integer of at most 64 bits as JSON. */
export function integerJson(integer: bigint): string {
  const isSafe = integer <= safeMax && integer >= -safeMax;
  return isSafe ? integer.toString() : `"${integer}"`;
}

/** A number as JSON, always with a fraction or an exponent, so that 36.0 stays a DOUBLE on the way back. */
export function floatJson(number: number): string {
  if (!Number.isFinite(number)) return `"${number}"`;
  const text = Object.is(number, -0) ? '-0' : String(number);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** The fewest digits that are this float and no other: 0.1, where the double next to it has 0.10000000149011612. */
export function shortestFloat(float: number): number {
  // Digits alone have no sign of zero.
  if (float === 0) return float;
  for (let digits = 6; digits <= 8; digits += 1) {
    const candidate = Number(float.toPrecision(digits));
    if (Math.fround(candidate) === float) return candidate;
  }
  return Number.isFinite(float) ? Number(float.toPrecision(9)) : float;
}

function arrayJson(elements: readonly string[]): string {
  return `[${elements.join(',')}]`;
}

function memberJson(name: string, { value }: Field): string {
  return `${JSON.stringify(name)}:${requiredJson(value)}`;
}

function requiredJson(value: Value | undefined): string {
  if (!value) throw new Error('a field without a value cannot be written');
  return valueToJson(value);
}

// An object only where that loses nothing: all keys are strings and none occurs twice.
function mapJson({ entries }: MapValue): string {
  const names = entries.map(({ key }) => (key?.kind.case === 'stringValue' ? key.kind.value : undefined));
  const isObject = !names.includes(undefined) && new Set(names).size === names.length;
  const members = entries.map(({ key, value }) => {
    return isObject
      ? `${requiredJson(key)}:${requiredJson(value)}`
      : `[${requiredJson(key)},${requiredJson(value)}]`;
  });
  return isObject ? `{${members.join(',')}}` : arrayJson(members);
}

function nodeJson({ id, label, properties }: Node): string {
  return `{"_id":${idJson(id)},"_label":${JSON.stringify(label)}${propertiesJson(properties)}}`;
}

function relationshipJson({ id, label, source, destination, properties }: Relationship): string {
  const ends = `"_src":${idJson(source)},"_dst":${idJson(destination)}`;
  return `{"_id":${idJson(id)},"_label":${JSON.stringify(label)},${ends}${propertiesJson(properties)}}`;
}

function propertiesJson(properties: readonly Field[]): string {
  return properties.map((field) => `,${memberJson(propertyName(field.name), field)}`).join('');
}

/**
 * The name of a property beside `_id` and its like. One named like them gets one more underscore, and so do those that
 * already look so: `_id` becomes `__id`, `__id` becomes `___id`.
 */
export function propertyName(name: string): string {
  return ownNamePattern.test(name) ? `_${name}` : name;
}

function idJson(id: InternalId | undefined): string {
  return id ? `"${id.table}:${id.offset}"` : 'null';
}
