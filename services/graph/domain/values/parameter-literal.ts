import type { List, Value } from '../../../../gen/trellis/graph/v1/value_pb.js';
import { toAlias } from '../cypher/alias.ts';
import { type EngineType, toTypeText } from './engine-type.ts';
import { isCastable } from './exactness.ts';
import { anyType, hasNestedText, hasTextForm, typeOfValue, withDefaults } from './parameter-type.ts';
import { toStringLiteral } from './string-literal.ts';
import { toMicros } from './temporal.ts';
import { type EngineParameter, NoTextForm, toLeafText, toNestedText, toTextForm } from './text-form.ts';

/** Elements that may be written one by one: the engine's parser takes up to 80 µs for each. */
const writtenElementsMax = 20_000;

/** Counts the elements of one parameter that are written one by one. */
interface Budget {
  left: number;
}

/** Writes a value as an expression of exactly this value and type. Throws NoTextForm or NoCommonType. */
export function toParameterLiteral(value: Value): string {
  return write(value, typeOfValue(value), { left: writtenElementsMax });
}

function write(value: Value, type: EngineType, budget: Budget): string {
  const { kind } = value;
  budget.left -= 1;
  if (budget.left < 0) throw new NoTextForm(`a value of more than ${writtenElementsMax} texts`);
  switch (kind.case) {
    case 'nullValue':
      return 'NULL';
    case 'boolValue':
      return String(kind.value);
    case 'stringValue':
      return toStringLiteral(kind.value);
    case 'int64Value':
      return type.kind === 'leaf' && type.name === 'INT64' && isSafe(kind.value)
        ? writeInteger(kind.value)
        : writeCast(toLeafText(kind, type), type);
    case 'intervalValue': {
      const { months, days, micros } = kind.value;
      // The engine does not survive writing this one.
      if (micros === -(2n ** 63n)) throw new NoTextForm('an interval of -2^63 microseconds');
      return `(to_months(${months}) + to_days(${days}) + to_microseconds(cast('${micros}' AS INT64)))`;
    }
    case 'dateValue':
      return writeDate(kind, type);
    case 'timestampValue':
      return writeTimestamp(kind, type);
    case 'listValue':
      return writeList(kind.value, type, budget);
    case 'structValue':
      return writeStruct(value, type, budget);
    case 'mapValue': {
      if (type.kind !== 'map') break;
      const keys = kind.value.entries.flatMap(({ key }) => (key ? [key] : []));
      const values = kind.value.entries.flatMap((entry) => (entry.value ? [entry.value] : []));
      return `map(${writeListOf(keys, type.key, budget)}, ${writeListOf(values, type.value, budget)})`;
    }
    default:
      return writeCast(toLeafText(kind, type), type);
  }
  throw new NoTextForm(`a value of kind ${kind.case}`);
}

function writeList({ values }: List, type: EngineType, budget: Budget): string {
  if (type.kind !== 'list') throw new NoTextForm('a list');
  if (values.length === 0 && type.element === anyType) return '[]';
  const value = listOf(values);
  try {
    if (hasNestedText(type)) return writeCast(toNestedText(value, type), type);
    if (hasTextForm(type)) return writeAsCast(writeText(toTextForm(value, type), type, budget), type);
  } catch (error) {
    if (!(error instanceof NoTextForm)) throw error;
  }
  const written = `[${values.map((element) => write(element, type.element, budget)).join(', ')}]`;
  if (values.every(({ kind }) => kind.case === 'nullValue')) return writeAsCast(written, withDefaults(type));
  return isCastable(type) && !holdsAny(type) ? writeAsCast(written, type) : written;
}

function writeStruct({ kind }: Value, type: EngineType, budget: Budget): string {
  if (kind.case !== 'structValue' || type.kind !== 'struct' || type.fields.length === 0) {
    throw new NoTextForm('a struct without fields');
  }
  const fields = type.fields.map((field, index) => {
    const [name, value] = [toAlias(field.name), kind.value.fields[index]?.value];
    if (!name || !value) throw new NoTextForm('a struct with such a field');
    const written = write(value, field.type, budget);
    const isTyped = value.kind.case !== 'nullValue' || field.type === anyType;
    return `${name}: ${isTyped ? written : writeAsCast('NULL', withDefaults(field.type))}`;
  });
  return `{${fields.join(', ')}}`;
}

/** Writes a text form with its lists and structs as such. */
function writeText(form: EngineParameter, type: EngineType, budget: Budget): string {
  budget.left -= 1;
  if (budget.left < 0) throw new NoTextForm(`a value of more than ${writtenElementsMax} texts`);
  if (form === null) return type.kind === 'list' ? `cast(NULL AS ${toTypeText(toTexts(type))})` : 'NULL';
  if (Array.isArray(form) && type.kind === 'list') {
    return `[${form.map((element) => writeText(element, type.element, budget)).join(', ')}]`;
  }
  if (typeof form === 'object' && !Array.isArray(form) && type.kind === 'struct') {
    const fields = type.fields.map(
      ({ name, type: inner }) => `${name}: ${writeText(form[name] ?? null, inner, budget)}`,
    );
    return `{${fields.join(', ')}}`;
  }
  return toStringLiteral(String(form));
}

function writeDate(kind: Extract<Value['kind'], { case: 'dateValue' }>, type: EngineType): string {
  try {
    return writeCast(toLeafText(kind, type), type);
  } catch (error) {
    if (!(error instanceof NoTextForm)) throw error;
    return `(date('1970-01-01') + ${writeInteger(BigInt(kind.value))})`;
  }
}

/** The engine reads years from 1 to 9999 only, but counts further. */
function writeTimestamp(kind: Extract<Value['kind'], { case: 'timestampValue' }>, type: EngineType): string {
  try {
    return writeCast(toLeafText(kind, type), type);
  } catch (error) {
    const micros = toMicros(kind.value.sinceEpoch, kind.value.precision);
    if (!(error instanceof NoTextForm) || micros === undefined) throw error;
    return writeAsCast(`(timestamp('1970-01-01') + to_microseconds(cast('${micros}' AS INT64)))`, type);
  }
}

function writeListOf(values: Value[], element: EngineType, budget: Budget): string {
  const list = { $typeName: 'trellis.graph.v1.List', values } as const;
  return writeList(list, { kind: 'list', element }, budget);
}

function writeCast(text: string, type: EngineType): string {
  return writeAsCast(toStringLiteral(text), type);
}

function writeAsCast(expression: string, type: EngineType): string {
  const typeText = toTypeText(type);
  if (!typeText) throw new NoTextForm('a struct with such a field');
  return `cast(${expression} AS ${typeText})`;
}

function writeInteger(value: bigint): string {
  return value < 0n ? `(${value})` : String(value);
}

function isSafe(value: bigint): boolean {
  return Number.isSafeInteger(Number(value));
}

function listOf(values: Value[]): Value {
  return {
    $typeName: 'trellis.graph.v1.Value',
    kind: { case: 'listValue', value: { $typeName: 'trellis.graph.v1.List', values } },
  };
}

function toTexts(type: EngineType): EngineType {
  if (type.kind === 'list') return { kind: 'list', element: toTexts(type.element) };
  if (type.kind !== 'struct') return { kind: 'leaf', name: 'STRING' };
  return { kind: 'struct', fields: type.fields.map((field) => ({ ...field, type: toTexts(field.type) })) };
}

function holdsAny(type: EngineType): boolean {
  if (type.kind === 'list') return holdsAny(type.element);
  if (type.kind === 'struct') return type.fields.some((field) => holdsAny(field.type));
  if (type.kind === 'map') return holdsAny(type.key) || holdsAny(type.value);
  return type === anyType;
}
