import { type EngineType, type LeafName, leaf } from '../../../domain/values/engine-type.ts';
import { numberOf, structOf } from './schema-fields.ts';
import type { Thrift } from './thrift-compact.ts';

/** What the values of a leaf mean. */
export type LeafKind =
  | 'bool'
  | 'signed'
  | 'unsigned'
  | 'real'
  | 'text'
  | 'bytes'
  | 'uuid'
  | 'date'
  | 'decimal'
  | 'millis'
  | 'micros'
  | 'nanos'
  | 'int96'
  | 'span'
  | 'nothing';

type Meaning = readonly [LeafKind, EngineType];
type Fields = ReadonlyMap<number, Thrift>;

const unknown = 'has a type that cannot be loaded';
const [int32, int64, byteArray, fixedByteArray] = [1, 2, 6, 7] as const;

/** Parquet's older names for types, in field 6 of an element. */
const converted = { utf8: 0, enum: 4, decimal: 5, date: 6, millis: 9, micros: 10, json: 19, interval: 21 };

/** Parquet's newer names for types: the field that is set in field 10 of an element. */
const logical = {
  text: 1,
  enum: 4,
  decimal: 5,
  date: 6,
  timestamp: 8,
  integer: 10,
  nothing: 11,
  json: 12,
  uuid: 14,
};

const intTypes = new Map<number, LeafName>([
  [11, 'UINT8'],
  [12, 'UINT16'],
  [13, 'UINT32'],
  [14, 'UINT64'],
  [15, 'INT8'],
  [16, 'INT16'],
  [17, 'INT32'],
  [18, 'INT64'],
]);

const plainMeanings = new Map<number, Meaning>([
  [0, ['bool', leaf('BOOL')]],
  [int32, ['signed', leaf('INT32')]],
  [int64, ['signed', leaf('INT64')]],
  [3, ['int96', leaf('TIMESTAMP_NS')]],
  [4, ['real', leaf('FLOAT')]],
  [5, ['real', leaf('DOUBLE')]],
  [byteArray, ['bytes', leaf('BLOB')]],
  [fixedByteArray, ['bytes', leaf('BLOB')]],
]);

/** What the values of a leaf mean and the engine's type of them; or why they mean nothing here. */
export function meaningOf(fields: Fields, physical: number, length: number): Meaning | string {
  const old = numberOf(fields, 6) ?? -1;
  const named = structOf(fields.get(10));
  const only = (wanted: number, ...meaning: Meaning) => (physical === wanted ? meaning : unknown);
  if (physical === fixedByteArray && (length < 1 || length > 1_024)) return unknown;
  // A column of nothing but NULLs, which has no other type.
  if (named.has(logical.nothing)) return ['nothing', leaf('ANY')];
  if (named.has(logical.uuid)) return length === 16 ? only(fixedByteArray, 'uuid', leaf('UUID')) : unknown;
  if (old === converted.interval) {
    return length === 12 ? only(fixedByteArray, 'span', leaf('INTERVAL')) : unknown;
  }
  if (old === converted.decimal || named.has(logical.decimal)) return decimalOf(fields, physical);
  const integer = intTypes.get(old) ?? integerOf(structOf(named.get(logical.integer)));
  if (integer) {
    return only(
      integer.endsWith('64') ? int64 : int32,
      integer.startsWith('U') ? 'unsigned' : 'signed',
      leaf(integer),
    );
  }
  const isText = [converted.utf8, converted.enum, converted.json].includes(old);
  if (isText || [logical.text, logical.enum, logical.json].some((name) => named.has(name))) {
    return only(byteArray, 'text', leaf('STRING'));
  }
  if (old === converted.date || named.has(logical.date)) return only(int32, 'date', leaf('DATE'));
  const unit = structOf(structOf(named.get(logical.timestamp)).get(2));
  if (unit.has(3)) return only(int64, 'nanos', leaf('TIMESTAMP_NS'));
  if (old === converted.millis || unit.has(1)) return only(int64, 'millis', leaf('TIMESTAMP'));
  if (old === converted.micros || unit.has(2)) return only(int64, 'micros', leaf('TIMESTAMP'));
  if (old !== -1 || named.size > 0) return unknown;
  return plainMeanings.get(physical) ?? unknown;
}

function decimalOf(fields: Fields, physical: number): Meaning | string {
  const named = structOf(structOf(fields.get(10)).get(logical.decimal));
  const scale = numberOf(fields, 7) ?? numberOf(named, 1) ?? 0;
  const precision = numberOf(fields, 8) ?? numberOf(named, 2) ?? 0;
  const isSane = precision >= 1 && precision <= 76 && scale >= 0 && scale <= precision;
  const isStored = [int32, int64, byteArray, fixedByteArray].some((each) => each === physical);
  return isSane && isStored ? ['decimal', { kind: 'decimal', precision, scale }] : unknown;
}

function integerOf(named: Fields): LeafName | undefined {
  const [bits, signed] = [numberOf(named, 1), named.get(2)];
  if (bits === undefined || ![8, 16, 32, 64].includes(bits) || signed?.kind !== 'bool') return undefined;
  return `${signed.value ? '' : 'U'}INT${bits}` as LeafName;
}
