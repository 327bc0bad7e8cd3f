import { Timestamp_Precision } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { decimalFromDouble, parseDecimal } from './decimal.ts';
import type { EngineType, LeafName } from './engine-type.ts';
import { daysOf, parseDate, parseInterval, parseTimestamp } from './temporal.ts';
import { InexactValue, toInternalId, type ValueKind } from './value.ts';

type LeafType = Extract<EngineType, { readonly kind: 'leaf' | 'decimal' }>;

const precisions = new Map<LeafName, Timestamp_Precision>([
  ['TIMESTAMP', Timestamp_Precision.MICROSECONDS],
  ['TIMESTAMP_TZ', Timestamp_Precision.MICROSECONDS],
  ['TIMESTAMP_NS', Timestamp_Precision.NANOSECONDS],
  ['TIMESTAMP_MS', Timestamp_Precision.MILLISECONDS],
  ['TIMESTAMP_SEC', Timestamp_Precision.SECONDS],
]);

/** Reads a value that is not NULL from the form that the binding gives it. Throws InexactValue. */
export function decodeLeaf(type: LeafType, raw: unknown): ValueKind {
  if (type.kind === 'decimal')
    return decimalKind(decimalFromDouble(raw as number, type.precision, type.scale));
  switch (type.name) {
    case 'BOOL':
      return { case: 'boolValue', value: raw as boolean };
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64':
    case 'SERIAL':
      return { case: 'int64Value', value: safeInteger(raw, type.name) };
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'UINT64':
      return { case: 'uint64Value', value: safeInteger(raw, type.name) };
    case 'INT128':
      return { case: 'int128Value', value: String(raw) };
    case 'FLOAT':
      return { case: 'floatValue', value: raw as number };
    case 'DOUBLE':
      return { case: 'doubleValue', value: raw as number };
    case 'STRING':
      return { case: 'stringValue', value: raw as string };
    case 'UUID':
      return { case: 'uuidValue', value: raw as string };
    case 'BLOB':
      return { case: 'bytesValue', value: new Uint8Array(raw as Buffer) };
    case 'DATE':
      return { case: 'dateValue', value: daysOf(raw as Date) ?? inexact('DATE') };
    case 'TIMESTAMP_SEC':
    case 'TIMESTAMP_MS':
      return timestampKind(type.name, fromMoment(type.name, raw as Date));
    case 'INTERNAL_ID':
      return { case: 'internalIdValue', value: toInternalId(raw) };
    default:
      return inexact(type.name);
  }
}

/** Reads a value that is not NULL from its text, as `cast(… AS STRING)` writes it. Throws InexactValue. */
export function decodeLeafText(type: LeafType, text: string): ValueKind {
  if (type.kind === 'decimal') return decimalKind(parseDecimal(text, type.scale));
  switch (type.name) {
    case 'INT64':
    case 'SERIAL':
      return { case: 'int64Value', value: BigInt(text) };
    case 'UINT64':
      return { case: 'uint64Value', value: BigInt(text) };
    case 'INT128':
      return { case: 'int128Value', value: text };
    case 'DATE':
      return { case: 'dateValue', value: parseDate(text) ?? inexact('DATE') };
    case 'INTERVAL': {
      const parts = parseInterval(text) ?? inexact('INTERVAL');
      return { case: 'intervalValue', value: { $typeName: 'trellis.graph.v1.Interval', ...parts } };
    }
    default: {
      const precision = precisions.get(type.name) ?? inexact(type.name);
      return timestampKind(type.name, parseTimestamp(text, precision) ?? inexact(type.name));
    }
  }
}

function safeInteger(raw: unknown, type: LeafName): bigint {
  return Number.isSafeInteger(raw) ? BigInt(raw as number) : inexact(type);
}

function fromMoment(type: LeafName, moment: Date): bigint {
  const ms = moment.getTime();
  if (!Number.isFinite(ms)) return inexact(type);
  return type === 'TIMESTAMP_MS' ? BigInt(ms) : BigInt(ms / 1000);
}

function decimalKind(digits: string | undefined): ValueKind {
  return { case: 'decimalValue', value: digits ?? inexact('DECIMAL') };
}

function timestampKind(name: LeafName, sinceEpoch: bigint): ValueKind {
  const precision = precisions.get(name) ?? Timestamp_Precision.UNSPECIFIED;
  const withTimeZone = name === 'TIMESTAMP_TZ';
  return {
    case: 'timestampValue',
    value: { $typeName: 'trellis.graph.v1.Timestamp', sinceEpoch, precision, withTimeZone },
  };
}

function inexact(type: string): never {
  throw new InexactValue(type);
}
