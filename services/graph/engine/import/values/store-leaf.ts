import type { EngineType, LeafName } from '../../../domain/values/engine-type.ts';
import type { LeafColumn, PhysicalType } from '../parquet/leaf-column.ts';
import { parseDay, parseMomentNanos } from './parse-moment.ts';
import { parseExactDecimal, parseInteger, parseReal } from './parse-number.ts';
import { parseSpan } from './parse-span.ts';
import { parseUuid } from './parse-uuid.ts';

/** A type whose values stand in one column of a file, or an interval, which takes three. */
export type LeafType = Extract<EngineType, { readonly kind: 'leaf' | 'decimal' }>;

/** How a leaf stands in a Parquet file. */
export interface LeafStorage {
  readonly physical: PhysicalType;
  /** Parquet's converted type, from which alone the engine tells the type. */
  readonly converted: number | undefined;
  /** Whether the engine reads it as another type, from which a cast leads to the one that is wanted. */
  readonly needsCast: boolean;
}

const utf8 = 0;
const storageByName: Partial<Record<LeafName, LeafStorage>> = {
  BOOL: { physical: 'boolean', converted: undefined, needsCast: false },
  INT8: { physical: 'int32', converted: 15, needsCast: false },
  INT16: { physical: 'int32', converted: 16, needsCast: false },
  INT32: { physical: 'int32', converted: 17, needsCast: false },
  INT64: { physical: 'int64', converted: 18, needsCast: false },
  UINT8: { physical: 'int32', converted: 11, needsCast: false },
  UINT16: { physical: 'int32', converted: 12, needsCast: false },
  UINT32: { physical: 'int32', converted: 13, needsCast: false },
  UINT64: { physical: 'int64', converted: 14, needsCast: false },
  INT128: { physical: 'byteArray', converted: utf8, needsCast: true },
  FLOAT: { physical: 'float', converted: undefined, needsCast: false },
  DOUBLE: { physical: 'double', converted: undefined, needsCast: false },
  STRING: { physical: 'byteArray', converted: utf8, needsCast: false },
  BLOB: { physical: 'byteArray', converted: undefined, needsCast: false },
  UUID: { physical: 'byteArray', converted: utf8, needsCast: true },
  DATE: { physical: 'int32', converted: 6, needsCast: false },
  TIMESTAMP: { physical: 'int64', converted: 10, needsCast: false },
  TIMESTAMP_TZ: { physical: 'int64', converted: 10, needsCast: true },
  TIMESTAMP_NS: { physical: 'int64', converted: 10, needsCast: true },
  TIMESTAMP_MS: { physical: 'int64', converted: 10, needsCast: true },
  TIMESTAMP_SEC: { physical: 'int64', converted: 10, needsCast: true },
};

/** A text column, which the engine casts. */
export const textStorage: LeafStorage = { physical: 'byteArray', converted: utf8, needsCast: true };

/** How values of a type are stored; undefined where they are not. */
export function storageOf(type: LeafType): LeafStorage | undefined {
  return type.kind === 'decimal' ? textStorage : storageByName[type.name];
}

/** Units of a timestamp's type in nanoseconds; the engine holds no more than microseconds of any of them. */
const unitNanos: Partial<Record<LeafName, bigint>> = {
  TIMESTAMP: 1_000n,
  TIMESTAMP_TZ: 1_000n,
  TIMESTAMP_NS: 1_000n,
  TIMESTAMP_MS: 1_000_000n,
  TIMESTAMP_SEC: 1_000_000_000n,
};

/** Puts the value that a text writes into its column; answers with what is wrong where it writes none. */
export function storeText({ values }: LeafColumn, type: LeafType, source: string): string | undefined {
  if (type.kind === 'decimal') {
    const digits = parseExactDecimal(source, type.precision, type.scale);
    if (digits === undefined) return `is no DECIMAL(${type.precision}, ${type.scale})`;
    values.sizedText(digits);
    return undefined;
  }
  switch (type.name) {
    case 'STRING':
      if (source.includes('\0')) return 'holds a NUL character';
      if (!source.isWellFormed()) return 'holds half of a surrogate pair';
      values.sizedText(source);
      return undefined;
    case 'BOOL':
      if (!/^(?:true|false|t|f|1|0)$/i.test(source)) return 'is no BOOL';
      values.byte(/^[t1]/i.test(source) ? 1 : 0);
      return undefined;
    case 'FLOAT':
    case 'DOUBLE': {
      const value = parseReal(source, type.name === 'FLOAT');
      if (value === undefined) return `is no ${type.name}`;
      if (type.name === 'FLOAT') values.float(value);
      else values.double(value);
      return undefined;
    }
    case 'DATE': {
      const days = parseDay(source);
      if (days === undefined) return 'is no DATE';
      values.int32(days);
      return undefined;
    }
    case 'UUID': {
      const id = parseUuid(source);
      if (id === undefined) return 'is no UUID';
      values.sizedText(id);
      return undefined;
    }
    case 'INT128': {
      const value = parseInteger(source, type.name);
      if (value === undefined) return 'is no INT128';
      values.sizedText(String(value));
      return undefined;
    }
    default:
      return unitNanos[type.name]
        ? storeMoment(values, type.name, source)
        : storeInteger(values, type.name, source);
  }
}

function storeMoment(values: LeafColumn['values'], name: LeafName, source: string): string | undefined {
  const nanos = parseMomentNanos(source);
  const unit = unitNanos[name] ?? 1n;
  if (nanos === undefined) return `is no ${name}`;
  if (nanos % unit !== 0n) return `has more digits than a ${name} of the engine holds`;
  const fits = name !== 'TIMESTAMP_NS' || BigInt.asIntN(64, nanos) === nanos;
  if (!fits) return `is beyond what a ${name} holds`;
  values.bigInt64(nanos / 1_000n);
  return undefined;
}

function storeInteger(values: LeafColumn['values'], name: LeafName, source: string): string | undefined {
  const value = parseInteger(source, name);
  if (value === undefined) return `is no ${name}`;
  if (name === 'INT64' || name === 'UINT64') values.bigInt64(value);
  else values.int32(Number(BigInt.asIntN(32, value)));
  return undefined;
}

/** Puts the three parts of an interval into their columns; answers with what is wrong where the text is none. */
export function storeSpan(columns: readonly LeafColumn[], source: string): string | undefined {
  const span = parseSpan(source);
  if (!span) return 'is no INTERVAL';
  const parts = [span.months, span.days, span.micros];
  for (const [index, part] of parts.entries()) columns[index]?.values.bigInt64(part);
  return undefined;
}
