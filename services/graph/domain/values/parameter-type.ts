import { Timestamp_Precision, type Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { decimalShape } from './decimal.ts';
import { type EngineType, type LeafName, leaf } from './engine-type.ts';
import { isCastable } from './exactness.ts';

/** The type of a value that holds nothing but NULL and can become any other. */
export const anyType = leaf('ANY');

/** A value that no engine type can hold, or a list whose elements have no type in common. */
export class NoCommonType extends Error {
  override readonly name = 'NoCommonType';
}

/** The engine type that holds a parameter exactly. Throws NoCommonType. */
export function typeOfValue({ kind }: Value): EngineType {
  switch (kind.case) {
    case 'nullValue':
      return anyType;
    case 'boolValue':
      return leaf('BOOL');
    case 'int64Value':
      return leaf('INT64');
    case 'uint64Value':
      return leaf('UINT64');
    case 'int128Value':
      return leaf('INT128');
    case 'floatValue':
      return leaf('FLOAT');
    case 'doubleValue':
      return leaf('DOUBLE');
    case 'decimalValue': {
      const shape = decimalShape(kind.value);
      if (!shape) throw new NoCommonType('a decimal has at most 38 digits');
      return { kind: 'decimal', ...shape };
    }
    case 'stringValue':
      return leaf('STRING');
    case 'bytesValue':
      return leaf('BLOB');
    case 'dateValue':
      return leaf('DATE');
    case 'timestampValue':
      return timestampType(kind.value.precision, kind.value.withTimeZone);
    case 'intervalValue':
      return leaf('INTERVAL');
    case 'uuidValue':
      return leaf('UUID');
    case 'listValue':
      return { kind: 'list', element: kind.value.values.map(typeOfPart).reduce(unify, anyType) };
    case 'structValue': {
      const fields = kind.value.fields.map(({ name, value }) => ({ name, type: typeOfField(value) }));
      if (new Set(fields.map(({ name }) => name.toLowerCase())).size !== fields.length) {
        throw new NoCommonType('two fields of a struct have the same name');
      }
      return { kind: 'struct', fields };
    }
    case 'mapValue': {
      const { entries } = kind.value;
      return {
        kind: 'map',
        key: entries.map(({ key }) => typeOfField(key)).reduce(unify, anyType),
        value: entries.map(({ value }) => typeOfField(value)).reduce(unify, anyType),
      };
    }
    default:
      throw new NoCommonType(
        kind.case ? `a ${kind.case.replace(/Value$/, '')} cannot be bound` : 'it has no value',
      );
  }
}

/** The type that holds the values of both. Throws NoCommonType. */
export function unify(a: EngineType, b: EngineType): EngineType {
  if (a === anyType) return b;
  if (b === anyType) return a;
  if (a.kind === 'leaf' && b.kind === 'leaf') {
    if (a.name === b.name) return a;
    const names = [a.name, b.name];
    // Whether the integer survives is checked where it is written.
    if (names.includes('INT64') && names.includes('DOUBLE')) return leaf('DOUBLE');
  }
  if (a.kind === 'list' && b.kind === 'list') return { kind: 'list', element: unify(a.element, b.element) };
  if (a.kind === 'map' && b.kind === 'map') {
    return { kind: 'map', key: unify(a.key, b.key), value: unify(a.value, b.value) };
  }
  if (a.kind === 'struct' && b.kind === 'struct' && a.fields.length === b.fields.length) {
    const fields = a.fields.map((field, index) => {
      const other = b.fields[index];
      if (other?.name !== field.name) throw new NoCommonType('the structs of a list differ in their fields');
      return { name: field.name, type: unify(field.type, other.type) };
    });
    return { kind: 'struct', fields };
  }
  throw new NoCommonType('the elements of a list have no type in common');
}

/** The type that the engine gives to a value whose type is not known in all its parts. */
export function withDefaults(type: EngineType, unknown: LeafName = 'STRING'): EngineType {
  if (type === anyType) return leaf(unknown);
  if (type.kind === 'list') return { kind: 'list', element: withDefaults(type.element, 'INT64') };
  if (type.kind === 'map') {
    return { kind: 'map', key: withDefaults(type.key, 'INT64'), value: withDefaults(type.value, 'INT64') };
  }
  if (type.kind !== 'struct') return type;
  return {
    kind: 'struct',
    fields: type.fields.map((field) => ({ ...field, type: withDefaults(field.type) })),
  };
}

/** True where the engine makes any value of the type of text leaves, by a cast. */
export function hasTextForm(type: EngineType): boolean {
  return (
    everyLeaf(type, (part) => part !== anyType && !(part.kind === 'leaf' && part.name === 'INTERVAL')) &&
    isCastable(type)
  );
}

/** True where the engine reads any value of the type from one text: no leaf can be mistaken for punctuation. */
export function hasNestedText(type: EngineType): boolean {
  return everyLeaf(type, (part) => part.kind === 'leaf' && !wordyLeaves.has(part.name)) && isCastable(type);
}

const wordyLeaves: ReadonlySet<string> = new Set(['ANY', 'STRING', 'BLOB', 'INTERVAL']);

function everyLeaf(type: EngineType, test: (leaf: EngineType) => boolean): boolean {
  if (type.kind === 'list') return everyLeaf(type.element, test);
  if (type.kind === 'struct')
    return type.fields.length > 0 && type.fields.every((field) => everyLeaf(field.type, test));
  return type.kind !== 'map' && test(type);
}

function typeOfField(value: Value | undefined): EngineType {
  if (!value) throw new NoCommonType('a field has no value');
  return typeOfPart(value);
}

/** The engine turns decimals of one type into another's wrongly where they are within something (0.11.3). */
function typeOfPart(value: Value): EngineType {
  const type = typeOfValue(value);
  if (type.kind !== 'decimal') return type;
  throw new NoCommonType('a decimal cannot be bound within another value; bind a string and cast it');
}

function timestampType(precision: Timestamp_Precision, withTimeZone: boolean): EngineType {
  if (withTimeZone) {
    if (precision === Timestamp_Precision.MICROSECONDS || precision === Timestamp_Precision.UNSPECIFIED) {
      return leaf('TIMESTAMP_TZ');
    }
    throw new NoCommonType('a timestamp with time zone has microseconds');
  }
  switch (precision) {
    case Timestamp_Precision.SECONDS:
      return leaf('TIMESTAMP_SEC');
    case Timestamp_Precision.MILLISECONDS:
      return leaf('TIMESTAMP_MS');
    case Timestamp_Precision.NANOSECONDS:
      return leaf('TIMESTAMP_NS');
    default:
      return leaf('TIMESTAMP');
  }
}
