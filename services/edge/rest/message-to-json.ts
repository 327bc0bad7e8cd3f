import { type DescField, type DescMessage, type Message, type Registry, toJson } from '@bufbuild/protobuf';
import { FeatureSet_FieldPresence, isWrapperDesc } from '@bufbuild/protobuf/wkt';
import type { Value } from '../../../gen/trellis/graph/v1/value_pb.js';
import { RestForm } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { restForm, rowField } from './message-from-json.ts';
import { enumWriter, isDefault, scalarWriter, unboxedWriter, type WriteValue } from './scalar-to-json.ts';
import { valueToJson } from './value-to-json.ts';
import { hasOwnForm } from './well-known.ts';
import { WrittenRows } from './written-rows.ts';

/** A message's fields by local name, as protobuf-es keeps them. */
type Local = Readonly<Record<string, unknown>>;
type WriteMessage = (message: Message, isSparse: boolean) => string;
/** The field as `"name":value`; undefined where it is left out. */
type WriteField = (local: Local, isSparse: boolean) => string | undefined;

/** Writes REST JSON: canonical protobuf JSON, with graph values as plain JSON. Compiles each type once. */
export class JsonWriter {
  readonly #registry: Registry | undefined;
  readonly #writers = new Map<DescMessage, WriteMessage>();

  /** The registry knows what may be in a google.protobuf.Any. */
  constructor(registry?: Registry) {
    this.#registry = registry;
  }

  /** The message with the fields that have their default value: for unary answers. */
  whole(desc: DescMessage, message: Message): string {
    return this.#message(desc)(message, false);
  }

  /** Without such fields at the top, so that each part of a stream shows only what it brings. */
  sparse(desc: DescMessage, message: Message): string {
    return this.#message(desc)(message, true);
  }

  /** The value of one field. A message field that is not set is `null`. */
  field(field: DescField, message: Message): string {
    const local = toLocal(message);
    const oneof = field.oneof && (local[field.oneof.localName] as { case?: string; value?: unknown });
    const value = oneof ? (oneof.case === field.localName ? oneof.value : undefined) : local[field.localName];
    return value === undefined ? 'null' : this.#value(field)(value);
  }

  #message(desc: DescMessage): WriteMessage {
    const known = this.#writers.get(desc);
    if (known) return known;
    const fields: WriteField[] = [];
    // Before its fields are compiled, because a type may contain itself.
    const write = this.#formWriter(desc) ?? objectWriter(fields);
    this.#writers.set(desc, write);
    if (!this.#formWriter(desc)) fields.push(...desc.fields.map((field) => this.#field(field)));
    return write;
  }

  #formWriter(desc: DescMessage): WriteMessage | undefined {
    const form = restForm(desc);
    if (form === RestForm.VALUE) return (message) => valueToJson(message as Value);
    if (form === RestForm.ROW) {
      const { localName } = rowField(desc);
      return (message) => arrayJson(toLocal(message)[localName], (value) => valueToJson(value as Value));
    }
    if (!hasOwnForm(desc)) return undefined;
    const options = this.#registry ? { registry: this.#registry } : {};
    return (message) => JSON.stringify(toJson(desc, message, options));
  }

  #field(field: DescField): WriteField {
    const prefix = `${JSON.stringify(field.jsonName)}:`;
    const write = this.#value(field);
    const { localName } = field;
    if (field.oneof) {
      const oneofName = field.oneof.localName;
      return (local) => {
        const oneof = local[oneofName] as { readonly case?: string; readonly value?: unknown };
        return oneof.case === localName ? prefix + write(oneof.value) : undefined;
      };
    }
    const isAlwaysThere = field.fieldKind === 'list' || field.fieldKind === 'map' || isImplicit(field);
    if (isAlwaysThere) {
      return (local, isSparse) => {
        const value = local[localName];
        return isSparse && isDefault(value) ? undefined : prefix + write(value);
      };
    }
    return (local) => {
      const isSet = Object.hasOwn(local, localName) && local[localName] !== undefined;
      return isSet ? prefix + write(local[localName]) : undefined;
    };
  }

  #value(field: DescField): WriteValue {
    const single = this.#single(field);
    if (field.fieldKind === 'list') {
      return (value) => (value instanceof WrittenRows ? value.json : arrayJson(value, single));
    }
    if (field.fieldKind !== 'map') return single;
    return (value) => {
      const members = Object.entries(value as Local).map(([key, each]) => {
        return `${JSON.stringify(key)}:${single(each)}`;
      });
      return `{${members.join(',')}}`;
    };
  }

  #single(field: DescField): WriteValue {
    if (field.enum) return enumWriter(field.enum);
    if (!field.message) return scalarWriter(field.scalar);
    const desc = field.message;
    if (isWrapperDesc(desc) || desc.typeName === 'google.protobuf.Struct') return unboxedWriter(desc);
    const write = this.#message(desc);
    return (value) => write(value as Message, false);
  }
}

function objectWriter(fields: readonly WriteField[]): WriteMessage {
  return (message, isSparse) => {
    const local = toLocal(message);
    let text = '';
    for (const write of fields) {
      const member = write(local, isSparse);
      if (member !== undefined) text = text === '' ? member : `${text},${member}`;
    }
    return `{${text}}`;
  };
}

function isImplicit(field: DescField): boolean {
  return field.presence === FeatureSet_FieldPresence.IMPLICIT;
}

function arrayJson(elements: unknown, write: WriteValue): string {
  return `[${(elements as readonly unknown[]).map(write).join(',')}]`;
}

function toLocal(message: Message): Local {
  return message as unknown as Local;
}
