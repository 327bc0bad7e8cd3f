import type { Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import type { EngineType } from './engine-type.ts';
import { formatDate, formatTimestamp } from './temporal.ts';

/** What the binding takes for a parameter without changing it. */
export type EngineParameter =
  | null
  | boolean
  | number
  | string
  | EngineParameter[]
  | { [name: string]: EngineParameter };

/** A value that the engine cannot read from text. */
export class NoTextForm extends Error {
  override readonly name = 'NoTextForm';
}

/**
 * The value with text in place of every leaf, for a cast to the type. Throws NoTextForm for what would not arrive:
 * empty lists become NULL on the way, and the fields of a NULL struct are converted although they have no value.
 */
export function toTextForm({ kind }: Value, type: EngineType): EngineParameter {
  if (kind.case === 'nullValue') return null;
  if (kind.case === 'listValue' && type.kind === 'list') {
    const { values } = kind.value;
    if (values.length === 0) throw new NoTextForm('an empty list');
    return values.map((value) => {
      if (value.kind.case === 'nullValue' && type.element.kind === 'struct')
        throw new NoTextForm('a NULL struct');
      return toTextForm(value, type.element);
    });
  }
  if (kind.case === 'structValue' && type.kind === 'struct') {
    const entries = type.fields.map(({ name, type: inner }, index): [string, EngineParameter] => {
      const value = kind.value.fields[index]?.value;
      if (!value || (value.kind.case === 'nullValue' && inner.kind === 'struct'))
        throw new NoTextForm('a NULL struct');
      return [name, toTextForm(value, inner)];
    });
    return Object.fromEntries(entries);
  }
  return toLeafText(kind, type);
}

/** The value as one text, for a cast to a type of which hasNestedText is true. Throws NoTextForm. */
export function toNestedText({ kind }: Value, type: EngineType): string {
  if (kind.case === 'nullValue') return 'NULL';
  if (kind.case === 'listValue' && type.kind === 'list') {
    return `[${kind.value.values.map((value) => toNestedText(value, type.element)).join(',')}]`;
  }
  if (kind.case === 'structValue' && type.kind === 'struct') {
    const fields = type.fields.map(({ name, type: inner }, index) => {
      const value = kind.value.fields[index]?.value;
      if (!value) throw new NoTextForm('a field without value');
      return `${name}: ${toNestedText(value, inner)}`;
    });
    return `{${fields.join(',')}}`;
  }
  return toLeafText(kind, type);
}

/** A value of the shape of a text form. The binding takes the type of a list from its first element. */
export function toSampleForm(type: EngineType): EngineParameter {
  if (type.kind === 'list') return [toSampleForm(type.element)];
  if (type.kind === 'struct') {
    return Object.fromEntries(type.fields.map(({ name, type: inner }) => [name, toSampleForm(inner)]));
  }
  return '';
}

/** A leaf as text that the engine reads as exactly this value. Throws NoTextForm. */
export function toLeafText(kind: Value['kind'], type: EngineType): string {
  switch (kind.case) {
    case 'boolValue':
      return String(kind.value);
    case 'int64Value':
      if (type.kind === 'leaf' && type.name === 'DOUBLE' && !Number.isSafeInteger(Number(kind.value))) {
        throw new NoTextForm('an integer beyond 2^53 among doubles');
      }
      return String(kind.value);
    case 'uint64Value':
      return String(kind.value);
    case 'int128Value':
      return toInt128Text(kind.value);
    case 'floatValue':
    case 'doubleValue':
      return Object.is(kind.value, -0) ? '-0.0' : String(kind.value);
    case 'decimalValue':
    case 'stringValue':
      return kind.value;
    case 'bytesValue':
      return Buffer.from(kind.value).toString('hex').replace(/../g, '\\x$&');
    case 'dateValue':
      return formatDate(kind.value) ?? fail('a date before the year 1 or after 9999');
    case 'timestampValue':
      return (
        formatTimestamp(kind.value.sinceEpoch, kind.value.precision) ??
        fail('a timestamp with parts of a microsecond or out of range')
      );
    case 'uuidValue':
      if (!/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(kind.value))
        throw new NoTextForm('a malformed UUID');
      return kind.value;
    default:
      throw new NoTextForm(`a value of kind ${kind.case}`);
  }
}

function toInt128Text(text: string): string {
  if (!/^-?\d{1,39}$/.test(text)) throw new NoTextForm('a malformed INT128');
  const value = BigInt(text);
  if (BigInt.asIntN(128, value) !== value) throw new NoTextForm('an integer beyond 128 bits');
  return String(value);
}

function fail(what: string): never {
  throw new NoTextForm(what);
}

/** What the engine can tell of a parameter's type: two values of one shape are bound alike. */
export function shapeOf(value: EngineParameter): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return `[${shapeOf(value[0] ?? null)}]`;
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'double';
  if (typeof value !== 'object') return typeof value;
  return `{${Object.entries(value)
    .map(([name, inner]) => `${name}:${shapeOf(inner)}`)
    .join(',')}}`;
}
