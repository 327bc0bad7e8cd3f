import { create } from '@bufbuild/protobuf';
import { NullValue } from '@bufbuild/protobuf/wkt';
import {
  type Field,
  type InternalId,
  InternalIdSchema,
  type Value,
  ValueSchema,
} from '../../../../gen/trellis/graph/v1/value_pb.js';

/** The kinds that a value can have. */
export type ValueKind = Exclude<Value['kind'], { readonly case: undefined }>;

/** A value of one kind. */
export function toValue(kind: ValueKind): Value {
  return { $typeName: ValueSchema.typeName, kind } as Value;
}

/** NULL. */
export function nullValue(): Value {
  return toValue({ case: 'nullValue', value: NullValue.NULL_VALUE });
}

/** A list of values. */
export function listValue(values: Value[]): Value {
  return toValue({ case: 'listValue', value: { $typeName: 'trellis.graph.v1.List', values } });
}

/** A field of a struct, node or relationship. */
export function toField(name: string, value: Value): Field {
  return { $typeName: 'trellis.graph.v1.Field', name, value };
}

/** The engine's identity of a node or relationship, as the binding gives it. */
export function toInternalId(raw: unknown): InternalId {
  const { table, offset } = raw as { readonly table: number; readonly offset: number };
  if (!Number.isSafeInteger(table) || !Number.isSafeInteger(offset)) throw new InexactValue('INTERNAL_ID');
  return create(InternalIdSchema, { table: BigInt(table), offset: BigInt(offset) });
}

/** A value that came in a form that has lost, or may have lost, a part of it. */
export class InexactValue extends Error {
  override readonly name = 'InexactValue';
  /** The engine type whose value it is. */
  readonly type: string;

  constructor(type: string) {
    super(`a value of type ${type} cannot be carried without loss in this form`);
    this.type = type;
  }
}
