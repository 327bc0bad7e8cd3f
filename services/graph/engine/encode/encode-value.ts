import type {
  Field,
  InternalId,
  Node,
  Relationship,
  Value,
} from '../../../../gen/trellis/graph/v1/value_pb.js';
import type { WireWriter } from './wire-writer.ts';

/** Tags of the kinds of a Value: field number times 8, and how the value is written. */
export const kindTags = {
  nullValue: 0x08,
  boolValue: 0x10,
  int64Value: 0x18,
  uint64Value: 0x20,
  int128Value: 0x2a,
  floatValue: 0x35,
  doubleValue: 0x39,
  decimalValue: 0x42,
  stringValue: 0x4a,
  bytesValue: 0x52,
  dateValue: 0x58,
  timestampValue: 0x62,
  intervalValue: 0x6a,
  uuidValue: 0x72,
  listValue: 0x7a,
} as const;

/** Tags of the kinds whose field number is beyond 15 take two bytes; the second is 0x01. */
export const wideKindTags = {
  structValue: 0x82,
  mapValue: 0x8a,
  nodeValue: 0x92,
  relationshipValue: 0x9a,
  pathValue: 0xa2,
  internalIdValue: 0xaa,
} as const;

/** Tags of fields 1 to 5 that hold messages or text. */
export const partTags = { first: 0x0a, second: 0x12, third: 0x1a, fourth: 0x22, fifth: 0x2a } as const;

/** Writes NULL. */
export function encodeNull(writer: WireWriter): void {
  writer.tag(kindTags.nullValue);
  writer.tag(0);
}

/** Begins a kind whose tag takes two bytes. Returns what `close` needs. */
export function openWide(writer: WireWriter, tag: number): number {
  writer.tag(tag);
  return writer.open(0x01);
}

/** Writes a value without its own length. Throws for a value without kind, which nothing makes. */
export function encodeValue(writer: WireWriter, { kind }: Value): void {
  switch (kind.case) {
    case 'nullValue':
      encodeNull(writer);
      break;
    case 'boolValue':
      writer.tag(kindTags.boolValue);
      writer.tag(kind.value ? 1 : 0);
      break;
    case 'int64Value':
      writer.tag(kindTags.int64Value);
      writer.bigVarint(kind.value);
      break;
    case 'uint64Value':
      writer.tag(kindTags.uint64Value);
      writer.bigVarint(kind.value);
      break;
    case 'floatValue':
      writer.tag(kindTags.floatValue);
      writer.float(kind.value);
      break;
    case 'doubleValue':
      writer.tag(kindTags.doubleValue);
      writer.double(kind.value);
      break;
    case 'int128Value':
    case 'decimalValue':
    case 'stringValue':
    case 'uuidValue':
      writer.text(kindTags[kind.case], kind.value);
      break;
    case 'bytesValue':
      writer.blob(kindTags.bytesValue, kind.value);
      break;
    case 'dateValue':
      writer.tag(kindTags.dateValue);
      writer.signedVarint(kind.value);
      break;
    case 'timestampValue': {
      const start = writer.open(kindTags.timestampValue);
      encodeInteger(writer, 0x08, kind.value.sinceEpoch);
      encodeInteger(writer, 0x10, BigInt(kind.value.precision));
      encodeInteger(writer, 0x18, kind.value.withTimeZone ? 1n : 0n);
      writer.close(start);
      break;
    }
    case 'intervalValue': {
      const start = writer.open(kindTags.intervalValue);
      encodeInteger(writer, 0x08, BigInt(kind.value.months));
      encodeInteger(writer, 0x10, BigInt(kind.value.days));
      encodeInteger(writer, 0x18, kind.value.micros);
      writer.close(start);
      break;
    }
    case 'listValue': {
      const start = writer.open(kindTags.listValue);
      for (const value of kind.value.values) encodePart(writer, partTags.first, value);
      writer.close(start);
      break;
    }
    case 'structValue': {
      const start = openWide(writer, wideKindTags.structValue);
      encodeFields(writer, partTags.first, kind.value.fields);
      writer.close(start);
      break;
    }
    case 'mapValue': {
      const start = openWide(writer, wideKindTags.mapValue);
      for (const { key, value } of kind.value.entries) {
        const entry = writer.open(partTags.first);
        encodePart(writer, partTags.first, key);
        encodePart(writer, partTags.second, value);
        writer.close(entry);
      }
      writer.close(start);
      break;
    }
    case 'nodeValue': {
      const start = openWide(writer, wideKindTags.nodeValue);
      encodeNode(writer, kind.value);
      writer.close(start);
      break;
    }
    case 'relationshipValue': {
      const start = openWide(writer, wideKindTags.relationshipValue);
      encodeRelationship(writer, kind.value);
      writer.close(start);
      break;
    }
    case 'pathValue': {
      const start = openWide(writer, wideKindTags.pathValue);
      for (const node of kind.value.nodes) {
        const part = writer.open(partTags.first);
        encodeNode(writer, node);
        writer.close(part);
      }
      for (const relationship of kind.value.relationships) {
        const part = writer.open(partTags.second);
        encodeRelationship(writer, relationship);
        writer.close(part);
      }
      writer.close(start);
      break;
    }
    case 'internalIdValue': {
      const start = openWide(writer, wideKindTags.internalIdValue);
      encodeIdParts(writer, kind.value.table, kind.value.offset);
      writer.close(start);
      break;
    }
    default:
      throw new Error('a value without kind');
  }
}

function encodePart(writer: WireWriter, tag: number, value: Value | undefined): void {
  if (!value) throw new Error('a part without value');
  const start = writer.open(tag);
  encodeValue(writer, value);
  writer.close(start);
}

function encodeFields(writer: WireWriter, tag: number, fields: readonly Field[]): void {
  for (const { name, value } of fields) {
    const start = writer.open(tag);
    encodeText(writer, partTags.first, name);
    encodePart(writer, partTags.second, value);
    writer.close(start);
  }
}

function encodeNode(writer: WireWriter, { id, label, properties }: Node): void {
  encodeId(writer, partTags.first, id);
  encodeText(writer, partTags.second, label);
  encodeFields(writer, partTags.third, properties);
}

function encodeRelationship(writer: WireWriter, relationship: Relationship): void {
  encodeId(writer, partTags.first, relationship.id);
  encodeText(writer, partTags.second, relationship.label);
  encodeId(writer, partTags.third, relationship.source);
  encodeId(writer, partTags.fourth, relationship.destination);
  encodeFields(writer, partTags.fifth, relationship.properties);
}

function encodeId(writer: WireWriter, tag: number, id: InternalId | undefined): void {
  if (!id) return;
  const start = writer.open(tag);
  encodeIdParts(writer, id.table, id.offset);
  writer.close(start);
}

function encodeIdParts(writer: WireWriter, table: bigint, offset: bigint): void {
  encodeInteger(writer, 0x08, table);
  encodeInteger(writer, 0x10, offset);
}

/** Text of a field that is absent where it is empty. */
export function encodeText(writer: WireWriter, tag: number, text: string): void {
  if (text !== '') writer.text(tag, text);
}

/** An integer of a field that is absent where it is zero. */
function encodeInteger(writer: WireWriter, tag: number, value: bigint): void {
  if (value === 0n) return;
  writer.tag(tag);
  writer.bigVarint(value);
}
