import type { Thrift } from './thrift-compact.ts';

/** A number among the fields of an element of the schema. */
export function numberOf(fields: ReadonlyMap<number, Thrift>, id: number): number | undefined {
  const field = fields.get(id);
  return field?.kind === 'i32' ? Number(field.value) : undefined;
}

/** The fields of a struct; none where it is not there. */
export function structOf(value: Thrift | undefined): ReadonlyMap<number, Thrift> {
  return value?.kind === 'struct' ? value.fields : new Map<number, Thrift>();
}
