import { fc } from '../../../mesh/properties.testing.ts';
import * as kinds from '../../domain/values/kinds.testing.ts';
import type { ValueKind } from '../../domain/values/value.ts';

/** A type of values, how the engine names it, and how a statement writes one. */
export interface Type {
  readonly name: string;
  readonly values: fc.Arbitrary<ValueKind>;
  write(kind: ValueKind): string;
}

const { nothing, list, struct, map, int64, string, float, double } = kinds;
export const orNothing = (values: fc.Arbitrary<ValueKind>) =>
  fc.oneof({ arbitrary: values, weight: 5 }, fc.constant(nothing));
const writer = (name: string, write: (kind: never) => string) => (kind: ValueKind) =>
  kind.case === 'nullValue' ? `cast(NULL AS ${name})` : write(kind as never);
type Kind<C extends ValueKind['case']> = ValueKind & { readonly case: C };

function leaf(name: string, kindsOfIt: readonly ValueKind[], write: (value: never) => string): Type {
  const written = ({ value }: ValueKind) => write(value as never);
  return { name, values: fc.constantFrom(...kindsOfIt), write: writer(name, written) };
}

export function listOf(element: Type, size?: number): Type {
  const name = `${element.name}[${size ?? ''}]`;
  const written = ({ value }: Kind<'listValue'>) =>
    `cast([${value.values.map((each) => element.write(each.kind as ValueKind)).join(', ')}] AS ${name})`;
  const lengths = size === undefined ? { maxLength: 4 } : { minLength: size, maxLength: size };
  const elements = size === undefined ? orNothing(element.values) : element.values;
  return {
    name,
    values: fc.array(elements, lengths).map((each) => list(...each)),
    write: writer(name, written),
  };
}

export function structOf(fields: Record<string, Type>): Type {
  const each = Object.entries(fields);
  const name = `STRUCT(${each.map(([field, type]) => `${field} ${type.name}`).join(', ')})`;
  const values = Object.fromEntries(each.map(([field, type]) => [field, orNothing(type.values)]));
  const written = ({ value }: Kind<'structValue'>) =>
    `{${value.fields.map((field) => `${field.name}: ${fields[field.name]?.write(field.value?.kind as ValueKind)}`).join(', ')}}`;
  return { name, values: fc.record(values).map(struct), write: writer(name, written) };
}

export function mapOf(key: Type, value: Type): Type {
  const name = `MAP(${key.name}, ${value.name})`;
  const written = ({ value: { entries } }: Kind<'mapValue'>) => {
    const keys = entries.map((entry) => key.write(entry.key?.kind as ValueKind)).join(', ');
    const values = entries.map((entry) => value.write(entry.value?.kind as ValueKind)).join(', ');
    return `map(cast([${keys}] AS ${key.name}[]), cast([${values}] AS ${value.name}[]))`;
  };
  const entries = fc.uniqueArray(fc.tuple(key.values, orNothing(value.values)), {
    selector: ([{ value: of }]) => of,
    maxLength: 3,
  });
  return {
    name,
    values: entries.map((each) => map(...(each as [ValueKind, ValueKind][]))),
    write: writer(name, written),
  };
}

const numbers = [0, 1, 2, 0.1, -0.5, 1_048_576.5, Number.NaN];
export const long = leaf('INT64', [0n, 1n, 5n, -(2n ** 40n)].map(int64), String);
export const text = leaf(
  'STRING',
  ['', 'a', 'b', 'longer than what fits beside its length'].map(string),
  (value) => `'${value}'`,
);
export const real = leaf('DOUBLE', numbers.map(double), (value) => `cast('${value}' AS DOUBLE)`);
export const half = leaf('FLOAT', numbers.map(float), (value) => `cast('${value}' AS FLOAT)`);
export const span = leaf(
  'INTERVAL',
  [kinds.interval(0, 0, 0n), kinds.interval(0, 3, 0n)],
  ({ days }: { days: number }) => `interval('${days} days')`,
);
export const truth = leaf('BOOL', [true, false].map(kinds.bool), String);

/** A value as NDJSON has it. */
export function plainOf(kind: ValueKind): unknown {
  switch (kind.case) {
    case 'nullValue':
      return null;
    case 'int64Value':
      return Number(kind.value);
    case 'floatValue':
    case 'doubleValue':
      return Number.isNaN(kind.value) ? 'NaN' : kind.value;
    case 'listValue':
      return kind.value.values.map((value) => plainOf(value.kind as ValueKind));
    case 'structValue':
      return Object.fromEntries(
        kind.value.fields.map(({ name, value }) => [name, plainOf(value?.kind as ValueKind)]),
      );
    case 'mapValue':
      return kind.value.entries.map(({ key, value }) => [
        plainOf(key?.kind as ValueKind),
        plainOf(value?.kind as ValueKind),
      ]);
    case 'intervalValue':
      return `P${kind.value.months}M${kind.value.days}DT${kind.value.micros / 1_000_000n}S`;
    default:
      return kind.value;
  }
}
