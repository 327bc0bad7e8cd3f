import { NullValue } from '@bufbuild/protobuf/wkt';
import { Timestamp_Precision } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { listValue, toField, toValue, type ValueKind } from './value.ts';

/** Values of each kind, in the fewest words that say them. */
export const bool = (value: boolean): ValueKind => ({ case: 'boolValue', value });
export const int64 = (value: bigint): ValueKind => ({ case: 'int64Value', value });
export const uint64 = (value: bigint): ValueKind => ({ case: 'uint64Value', value });
export const int128 = (value: bigint): ValueKind => ({ case: 'int128Value', value: String(value) });
export const float = (value: number): ValueKind => ({ case: 'floatValue', value: Math.fround(value) });
export const double = (value: number): ValueKind => ({ case: 'doubleValue', value });
export const decimal = (value: string): ValueKind => ({ case: 'decimalValue', value });
export const string = (value: string): ValueKind => ({ case: 'stringValue', value });
export const blob = (...bytes: number[]): ValueKind => ({ case: 'bytesValue', value: new Uint8Array(bytes) });
export const uuid = (value: string): ValueKind => ({ case: 'uuidValue', value });
export const date = (value: number): ValueKind => ({ case: 'dateValue', value });
export const nothing: ValueKind = { case: 'nullValue', value: NullValue.NULL_VALUE };

export const timestamp = (
  sinceEpoch: bigint,
  precision: Timestamp_Precision = Timestamp_Precision.MICROSECONDS,
  withTimeZone = false,
): ValueKind => ({
  case: 'timestampValue',
  value: { $typeName: 'trellis.graph.v1.Timestamp', sinceEpoch, precision, withTimeZone },
});

export const interval = (months: number, days: number, micros: bigint): ValueKind => ({
  case: 'intervalValue',
  value: { $typeName: 'trellis.graph.v1.Interval', months, days, micros },
});

export const list = (...kinds: ValueKind[]): ValueKind => listValue(kinds.map(toValue)).kind as ValueKind;

export const struct = (fields: Record<string, ValueKind>): ValueKind => ({
  case: 'structValue',
  value: {
    $typeName: 'trellis.graph.v1.Struct',
    fields: Object.entries(fields).map(([name, kind]) => toField(name, toValue(kind))),
  },
});

export const map = (...entries: [ValueKind, ValueKind][]): ValueKind => ({
  case: 'mapValue',
  value: {
    $typeName: 'trellis.graph.v1.Map',
    entries: entries.map(([key, value]) => ({
      $typeName: 'trellis.graph.v1.MapEntry',
      key: toValue(key),
      value: toValue(value),
    })),
  },
});
