import { type DescEnum, type DescMessage, isMessage, ScalarType, toJson } from '@bufbuild/protobuf';
import { base64Encode } from '@bufbuild/protobuf/wire';

export type WriteValue = (value: unknown) => string;

/** Writes a scalar as canonical protobuf JSON: 64-bit integers as strings. */
export function scalarWriter(type: ScalarType): WriteValue {
  switch (type) {
    case ScalarType.STRING:
      return (value) => JSON.stringify(value);
    case ScalarType.BYTES:
      return (value) => `"${base64Encode(value as Uint8Array)}"`;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return (value) => (Number.isFinite(value) ? (Object.is(value, -0) ? '-0' : `${value}`) : `"${value}"`);
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return (value) => `"${value}"`;
    default:
      return (value) => `${value}`;
  }
}

/** Writes an enum by name, and a number that has none as it is. */
export function enumWriter(desc: DescEnum): WriteValue {
  if (desc.typeName === 'google.protobuf.NullValue') return () => 'null';
  const names = new Map(desc.values.map(({ number, name }) => [number, `"${name}"`]));
  return (value) => names.get(value as number) ?? `${value}`;
}

/** Writes a wrapper or a Struct, which protobuf-es keeps as what they hold where it can. */
export function unboxedWriter(desc: DescMessage): WriteValue {
  const [held] = desc.fields;
  const writeHeld = held?.fieldKind === 'scalar' ? scalarWriter(held.scalar) : JSON.stringify;
  return (value) => (isMessage(value) ? JSON.stringify(toJson(desc, value)) : writeHeld(value));
}

/** True where a field without presence is left out of sparse JSON. */
export function isDefault(value: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0;
  if (value instanceof Uint8Array) return value.byteLength === 0;
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === '' || value === false || value === 0n || Object.is(value, 0);
}
