import { create, ScalarType } from '@bufbuild/protobuf';
import {
  InternalIdSchema,
  IntervalSchema,
  Timestamp_Precision,
  TimestampSchema,
  type Value,
} from '../../../gen/trellis/graph/v1/value_pb.js';
import { parseDate } from './calendar.ts';
import type { EngineType } from './engine-type.ts';
import { integerRanges, isWithin, toInteger } from './exact-number.ts';
import { parseInterval } from './interval-text.ts';
import { type Json, JsonNumber } from './json-tree.ts';
import { parseMoment } from './moment.ts';
import { isSpecialFloat, readBase64, readFloat, TextMismatch } from './scalar-text.ts';

type Kind = Value['kind'];
type ScalarEngineType = Extract<EngineType, { kind: 'plain' | 'decimal' }>;

const precisions = {
  TIMESTAMP: Timestamp_Precision.MICROSECONDS,
  TIMESTAMP_TZ: Timestamp_Precision.MICROSECONDS,
  TIMESTAMP_NS: Timestamp_Precision.NANOSECONDS,
  TIMESTAMP_MS: Timestamp_Precision.MILLISECONDS,
  TIMESTAMP_SEC: Timestamp_Precision.SECONDS,
} as const;

const unitsPerSecond: Readonly<Record<Timestamp_Precision, bigint>> = {
  [Timestamp_Precision.UNSPECIFIED]: 1_000_000n,
  [Timestamp_Precision.SECONDS]: 1n,
  [Timestamp_Precision.MILLISECONDS]: 1000n,
  [Timestamp_Precision.MICROSECONDS]: 1_000_000n,
  [Timestamp_Precision.NANOSECONDS]: 1_000_000_000n,
};

const uuidPattern = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
const decimalPattern = /^(-?)0*(\d*?)(?:\.(\d+))?$/;
const digitsMax = 38;

/** How many units of the precision are in a second; one not stated is read as microseconds. */
export function timestampUnitsPerSecond(precision: Timestamp_Precision): bigint {
  return unitsPerSecond[precision] ?? 1_000_000n;
}

/** A value of a type without parts, from JSON as a result shows it. */
export function readTypedScalar(type: ScalarEngineType, json: Json): Kind | TextMismatch {
  if (type.kind === 'decimal') return readDecimal(type, json);
  const { name } = type;
  if (isKey(integerRanges, name)) return readInteger(name, json);
  if (name === 'SERIAL') return readInteger('INT64', json);
  if (name === 'FLOAT' || name === 'DOUBLE') return readFloating(name, json);
  if (name === 'BOOL') {
    return typeof json === 'boolean' ? { case: 'boolValue', value: json } : mismatch('must be true or false');
  }
  if (typeof json !== 'string') return mismatch(`must be a string for ${name}`);
  if (isKey(precisions, name)) return readTimestamp(name, json);
  return readers[name]?.(json) ?? mismatch(`cannot be a parameter of type ${name}`);
}

const readers: Readonly<Record<string, (text: string) => Kind | TextMismatch>> = {
  STRING: (value) => ({ case: 'stringValue', value }),
  BLOB: (text) => {
    const value = readBase64(text);
    return value ? { case: 'bytesValue', value } : mismatch('must be base64');
  },
  UUID: (text) => {
    if (!uuidPattern.test(text)) return mismatch('must be a UUID such as "0b5e8f7c-…" with 36 characters');
    return { case: 'uuidValue', value: text.toLowerCase() };
  },
  DATE: (text) => {
    const value = parseDate(text);
    if (value === undefined || !isWithin(BigInt(value), integerRanges.INT32)) {
      return mismatch('must be a date such as "2020-01-02"');
    }
    return { case: 'dateValue', value };
  },
  INTERVAL: (text) => {
    const span = parseInterval(text);
    if (!span) return mismatch('must be an ISO 8601 duration such as "P1Y2M3DT4H5M6.5S"');
    return { case: 'intervalValue', value: create(IntervalSchema, span) };
  },
  INTERNAL_ID: (text) => {
    const [, table, offset] = /^(\d{1,20}):(\d{1,20})$/.exec(text)?.map((part) => toInteger(part)) ?? [];
    if (table === undefined || offset === undefined) return mismatch('must be "table:offset"');
    const fits = isWithin(table, integerRanges.UINT64) && isWithin(offset, integerRanges.UINT64);
    if (!fits) return mismatch('is out of range');
    return { case: 'internalIdValue', value: create(InternalIdSchema, { table, offset }) };
  },
};

function readInteger(name: keyof typeof integerRanges, json: Json): Kind | TextMismatch {
  const source = json instanceof JsonNumber ? json.source : json;
  const integer = typeof source === 'string' ? toInteger(source) : undefined;
  if (integer === undefined || !isWithin(integer, integerRanges[name])) {
    return mismatch(`must be an integer of ${name}`);
  }
  if (name === 'INT128') return { case: 'int128Value', value: integer.toString() };
  return { case: name.startsWith('U') ? 'uint64Value' : 'int64Value', value: integer };
}

function readFloating(name: 'FLOAT' | 'DOUBLE', json: Json): Kind | TextMismatch {
  const special = typeof json === 'string' && isSpecialFloat(json) ? json : undefined;
  const source = json instanceof JsonNumber ? json.source : special;
  if (source === undefined) return mismatch('must be a number, "NaN", "Infinity" or "-Infinity"');
  const type = name === 'FLOAT' ? ScalarType.FLOAT : ScalarType.DOUBLE;
  const value = readFloat(type, Number(source), special !== undefined);
  if (value instanceof TextMismatch) return value;
  return { case: name === 'FLOAT' ? 'floatValue' : 'doubleValue', value };
}

function readDecimal(
  { precision, scale }: ScalarEngineType & { kind: 'decimal' },
  json: Json,
): Kind | TextMismatch {
  const text = json instanceof JsonNumber ? json.source : json;
  const match = typeof text === 'string' && text.length <= 100 ? decimalPattern.exec(text) : null;
  if (!match || !/\d/.test(match[0])) return mismatch('must be decimal digits such as "12.340"');
  const [, sign = '', whole = '', fraction = ''] = match;
  const kept = scale === undefined ? fraction : fraction.replace(/0+$/, '').padEnd(scale, '0');
  if (scale !== undefined && kept.length > scale)
    return mismatch(`has more than ${scale} digits after the point`);
  if (whole.length + kept.length > (precision ?? digitsMax)) {
    return mismatch(`has more than ${precision ?? digitsMax} digits`);
  }
  const value = `${sign}${whole === '' ? '0' : whole}${kept === '' ? '' : `.${kept}`}`;
  return { case: 'decimalValue', value };
}

function readTimestamp(name: keyof typeof precisions, text: string): Kind | TextMismatch {
  const moment = parseMoment(text);
  const withTimeZone = name === 'TIMESTAMP_TZ';
  if (!moment || (withTimeZone && !moment.hasZone)) {
    return mismatch('must be an RFC 3339 time such as "2026-01-02T03:04:05Z"');
  }
  const precision = precisions[name];
  const units = timestampUnitsPerSecond(precision);
  const nanosPerUnit = Number(1_000_000_000n / units);
  if (moment.nanos % nanosPerUnit !== 0) return mismatch(`is more precise than ${name}`);
  const sinceEpoch = moment.seconds * units + BigInt(moment.nanos / nanosPerUnit);
  if (!isWithin(sinceEpoch, integerRanges.INT64)) return mismatch(`is out of the range of ${name}`);
  return { case: 'timestampValue', value: create(TimestampSchema, { sinceEpoch, precision, withTimeZone }) };
}

function isKey<T extends object>(table: T, name: string): name is string & keyof T {
  return Object.hasOwn(table, name);
}

function mismatch(expected: string): TextMismatch {
  return new TextMismatch(expected);
}
