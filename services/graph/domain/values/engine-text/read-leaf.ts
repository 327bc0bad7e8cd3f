import type { Value } from '../../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType, LeafName } from '../engine-type.ts';
import { mayLose } from '../exactness.ts';
import { decodeLeaf, decodeLeafText } from '../leaf-decoder.ts';
import { InexactValue, toValue } from '../value.ts';
import type { TextCursor } from './text-cursor.ts';

export type LeafType = Extract<EngineType, { readonly kind: 'leaf' | 'decimal' }>;

// Not the whole part of a fraction: the field of a union is known by what can be read.
const integer = /-?\d+(?![\d.])/y;
const double = /-?(?:inf|nan|\d+\.\d+)/y;
const date = /\d+-\d\d-\d\d(?: \(BC\))?/y;
const timestamp = /\d+-\d\d-\d\d(?: \(BC\))? \d\d:\d\d:\d\d(?:\.\d{1,6})?(?:\+00)?/y;
const id = /\d+:\d+/y;

/** What the engine writes for a leaf; the texts of strings and blobs are told by their values alone. */
const patterns: ReadonlyMap<LeafName, RegExp> = new Map([
  ...(['INT8', 'INT16', 'INT32', 'INT64', 'SERIAL', 'INT128'] as const).map(
    (name) => [name, integer] as const,
  ),
  ...(['UINT8', 'UINT16', 'UINT32', 'UINT64'] as const).map((name) => [name, integer] as const),
  ...(['FLOAT', 'DOUBLE'] as const).map((name) => [name, double] as const),
  ...(['TIMESTAMP', 'TIMESTAMP_SEC', 'TIMESTAMP_MS', 'TIMESTAMP_NS', 'TIMESTAMP_TZ'] as const).map(
    (name) => [name, timestamp] as const,
  ),
  ['BOOL', /True|False/y],
  ['DATE', date],
  ['INTERNAL_ID', id],
  ['UUID', /[0-9a-f-]{36}/y],
  [
    'INTERVAL',
    /(?:-?\d+ years?)?(?: ?-?\d+ months?)?(?: ?-?\d+ days?)?(?: ?-?\d+:\d\d:\d\d(?:\.\d{1,6})?)?/y,
  ],
]);
const decimal = /0\.0*-\d+|-?\d+(?:\.\d+)?/y;

const blobByte = /\\x[0-9A-F]{2}|[^\\]/y;

/** Reads a leaf that is not NULL: its digits from the text, what the binding carries whole from the value. */
export function readLeaf(type: LeafType, raw: unknown, cursor: TextCursor): Value {
  if (!fits(type, raw)) throw new InexactValue(typeName(type));
  if (type.kind === 'leaf' && type.name === 'STRING') {
    cursor.expect(raw as string);
    return toValue(decodeLeaf(type, raw));
  }
  if (type.kind === 'leaf' && type.name === 'BLOB') {
    for (const byte of raw as Buffer) {
      const text = cursor.match(blobByte);
      const read = text.length > 1 ? Number.parseInt(text.slice(2), 16) : text.charCodeAt(0);
      if (read !== byte) throw new InexactValue('BLOB');
    }
    return toValue(decodeLeaf(type, raw));
  }
  const text = cursor.match(patternOf(type));
  // What both say has to be the same: a text that was read at a wrong place shall not become a value.
  if (patternOf(type) === integer && Number(text) !== Number(raw)) throw new InexactValue(typeName(type));
  if (type.kind === 'leaf' && type.name === 'UUID' && text !== raw) throw new InexactValue('UUID');
  return toValue(mayLose(type) ? decodeLeafText(type, text) : decodeLeaf(type, raw));
}

/** Reads a leaf, the key of a map, of which only the text is exact. */
export function readKeyLeaf(
  type: LeafType,
  cursor: TextCursor,
): { readonly text: string; readonly key: Value } {
  const text = cursor.match(patternOf(type));
  if (mayLose(type)) return { text, key: toValue(decodeLeafText(type, text)) };
  if (type.kind === 'leaf') {
    if (type.name === 'BOOL') return { text, key: toValue({ case: 'boolValue', value: text === 'True' }) };
    if (type.name === 'UUID') return { text, key: toValue({ case: 'uuidValue', value: text }) };
    if (patternOf(type) === integer) return { text, key: toValue(decodeLeaf(type, Number(text))) };
  }
  throw new InexactValue(typeName(type));
}

function patternOf(type: LeafType): RegExp {
  if (type.kind === 'decimal') return decimal;
  const pattern = patterns.get(type.name);
  if (!pattern) throw new InexactValue(type.name);
  return pattern;
}

/** Whether the binding gives such a thing for the type: a union does not say of which type its value is. */
function fits(type: LeafType, raw: unknown): boolean {
  if (type.kind === 'decimal') return typeof raw === 'number';
  switch (type.name) {
    case 'BOOL':
      return typeof raw === 'boolean';
    case 'STRING':
    case 'UUID':
      return typeof raw === 'string';
    case 'BLOB':
      return raw instanceof Uint8Array;
    case 'INT128':
      return typeof raw === 'bigint';
    case 'DATE':
    case 'TIMESTAMP':
    case 'TIMESTAMP_SEC':
    case 'TIMESTAMP_MS':
    case 'TIMESTAMP_NS':
    case 'TIMESTAMP_TZ':
      return raw instanceof Date;
    case 'INTERNAL_ID':
      return typeof raw === 'object' && raw !== null && 'offset' in raw;
    default:
      return typeof raw === 'number';
  }
}

function typeName(type: LeafType): string {
  return type.kind === 'leaf' ? type.name : 'DECIMAL';
}
