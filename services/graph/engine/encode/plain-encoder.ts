import type { EngineType } from '../../domain/values/engine-type.ts';
import { losesByType } from '../../domain/values/exactness.ts';
import type { GraphTables } from '../../domain/values/graph-tables.ts';
import { decodeLeaf } from '../../domain/values/leaf-decoder.ts';
import { isMissing } from '../../domain/values/plain-decoder.ts';
import { InexactValue, toValue } from '../../domain/values/value.ts';
import { encodeNull, encodeValue, kindTags, openWide, partTags, wideKindTags } from './encode-value.ts';
import type { WireWriter } from './wire-writer.ts';

/** Writes what the binding gave for a value. Throws InexactValue where it may have lost a part. */
export type Encoder = (writer: WireWriter, raw: unknown) => void;

type RawObject = Readonly<Record<string, unknown>>;
type LeafType = Extract<EngineType, { readonly kind: 'leaf' | 'decimal' }>;

/** A property of a table: its name as the beginning of a Field, and how its value is written. */
interface PropertyEncoder {
  readonly name: string;
  readonly encode: Encoder | undefined;
}

/**
 * Writes values of a type that came in the plain form, as createPlainDecoder reads them: what one of them refuses the
 * other refuses, too.
 */
export function createPlainEncoder(type: EngineType, tables: GraphTables): Encoder {
  return new PlainEncoders(tables).of(type);
}

/** The encoders for one state of the schema. */
class PlainEncoders {
  readonly #tables: GraphTables;
  readonly #properties = new Map<string, readonly PropertyEncoder[]>();

  constructor(tables: GraphTables) {
    this.#tables = tables;
  }

  of(type: EngineType): Encoder {
    const encode = this.#encoderOf(type);
    return (writer, raw) => {
      if (raw === null || raw === undefined) encodeNull(writer);
      else encode(writer, raw);
    };
  }

  #encoderOf(type: EngineType): Encoder {
    if (losesByType(type)) return () => inexact(type);
    switch (type.kind) {
      case 'leaf':
        if (type.name === 'NODE') return unlessMissing(wide(wideKindTags.nodeValue, this.#node));
        if (type.name === 'REL')
          return unlessMissing(wide(wideKindTags.relationshipValue, this.#relationship));
        if (type.name === 'RECURSIVE_REL') return wide(wideKindTags.pathValue, this.#path);
        return leafEncoder(type);
      case 'decimal':
        return leafEncoder(type);
      case 'list':
      case 'array': {
        const element = this.of(type.element);
        return (writer, raw) => {
          const start = writer.open(kindTags.listValue);
          for (const each of raw as unknown[]) encodePart(writer, partTags.first, element, each);
          writer.close(start);
        };
      }
      case 'struct': {
        const fields = type.fields.map(({ name, type: inner }) => ({ name, encode: this.of(inner) }));
        return wide(wideKindTags.structValue, (writer, raw) => {
          for (const { name, encode } of fields) {
            if (!Object.hasOwn(raw as RawObject, name)) throw new InexactValue('STRUCT');
            encodeField(writer, partTags.first, name, encode, (raw as RawObject)[name]);
          }
        });
      }
      default:
        return () => inexact(type);
    }
  }

  readonly #node: Encoder = (writer, raw) => {
    const { _id: id, _label: label } = raw as RawObject;
    encodeId(writer, partTags.first, id);
    this.#encodeProperties(writer, raw as RawObject, label as string, partTags.second, partTags.third);
  };

  readonly #relationship: Encoder = (writer, raw) => {
    const { _id: id, _label: label, _src: source, _dst: destination } = raw as RawObject;
    // One created in this transaction has no identity before the commit: the engine gives it one beyond 2^53.
    if (Number.isSafeInteger((id as { readonly offset: number }).offset))
      encodeId(writer, partTags.first, id);
    encodeId(writer, partTags.third, source);
    encodeId(writer, partTags.fourth, destination);
    this.#encodeProperties(writer, raw as RawObject, label as string, partTags.second, partTags.fifth);
  };

  readonly #path: Encoder = (writer, raw) => {
    const { _nodes: nodes, _rels: relationships } = raw as RawObject;
    for (const node of nodes as (RawObject | null)[]) {
      encodePart(writer, partTags.first, isMissing(node) ? nothing : this.#node, node);
    }
    for (const relationship of relationships as (RawObject | null)[]) {
      encodePart(
        writer,
        partTags.second,
        isMissing(relationship) ? nothing : this.#relationship,
        relationship,
      );
    }
  };

  /** Those of `ownProperties`. */
  #encodeProperties(writer: WireWriter, raw: RawObject, label: string, labelTag: number, tag: number): void {
    const properties = this.#properties.get(label) ?? this.#propertiesOf(label);
    writer.text(labelTag, label);
    for (const { name, encode } of properties) {
      if (name !== '__proto__' && !Object.hasOwn(raw, name)) continue;
      if (!encode) throw new InexactValue(`property ${name}`);
      encodeField(writer, tag, name, encode, raw[name]);
    }
  }

  #propertiesOf(label: string): readonly PropertyEncoder[] {
    const properties = this.#tables.get(label);
    if (!properties) throw new InexactValue(`table ${label}`);
    const encoders = properties.map(({ name, type }) => ({
      name,
      encode: type && name !== '__proto__' ? this.of(type) : undefined,
    }));
    this.#properties.set(label, encoders);
    return encoders;
  }
}

/** The common leaves are written as they are; the others take the way over their value. */
function leafEncoder(type: LeafType): Encoder {
  switch (type.kind === 'leaf' ? type.name : 'DECIMAL') {
    case 'BOOL':
      return (writer, raw) => {
        writer.tag(kindTags.boolValue);
        writer.tag(raw === true ? 1 : 0);
      };
    case 'INT8':
    case 'INT16':
    case 'INT32':
    case 'INT64':
    case 'SERIAL':
      return (writer, raw) => {
        if (!Number.isSafeInteger(raw)) inexact(type);
        writer.tag(kindTags.int64Value);
        writer.signedVarint(raw as number);
      };
    case 'UINT8':
    case 'UINT16':
    case 'UINT32':
    case 'UINT64':
      return (writer, raw) => {
        if (!isUnsigned(raw)) return inexact(type);
        writer.tag(kindTags.uint64Value);
        writer.varint(raw);
      };
    case 'FLOAT':
      return (writer, raw) => {
        writer.tag(kindTags.floatValue);
        writer.float(raw as number);
      };
    case 'DOUBLE':
      return (writer, raw) => {
        writer.tag(kindTags.doubleValue);
        writer.double(raw as number);
      };
    case 'STRING':
      return (writer, raw) => writer.text(kindTags.stringValue, raw as string);
    case 'BLOB':
      return (writer, raw) => writer.blob(kindTags.bytesValue, raw as Buffer);
    default:
      return (writer, raw) => encodeValue(writer, toValue(decodeLeaf(type, raw)));
  }
}

function unlessMissing(encode: Encoder): Encoder {
  return (writer, raw) => {
    if (isMissing(raw as RawObject | null)) encodeNull(writer);
    else encode(writer, raw);
  };
}

function nothing(): void {}

function wide(tag: number, encode: Encoder): Encoder {
  return (writer, raw) => {
    const start = openWide(writer, tag);
    encode(writer, raw);
    writer.close(start);
  };
}

function encodePart(writer: WireWriter, tag: number, encode: Encoder, raw: unknown): void {
  const start = writer.open(tag);
  encode(writer, raw);
  writer.close(start);
}

function encodeField(writer: WireWriter, tag: number, name: string, encode: Encoder, raw: unknown): void {
  const start = writer.open(tag);
  writer.text(partTags.first, name);
  encodePart(writer, partTags.second, encode, raw);
  writer.close(start);
}

function encodeId(writer: WireWriter, tag: number, raw: unknown): void {
  const { table, offset } = raw as { readonly table: number; readonly offset: number };
  if (!isUnsigned(table) || !isUnsigned(offset)) throw new InexactValue('INTERNAL_ID');
  const start = writer.open(tag);
  if (table !== 0) {
    writer.tag(0x08);
    writer.varint(table);
  }
  if (offset !== 0) {
    writer.tag(0x10);
    writer.varint(offset);
  }
  writer.close(start);
}

function isUnsigned(raw: unknown): raw is number {
  return Number.isSafeInteger(raw) && (raw as number) >= 0;
}

function inexact(type: EngineType): never {
  throw new InexactValue(type.kind === 'leaf' ? type.name : type.kind.toUpperCase());
}
