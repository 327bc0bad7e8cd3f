import { type DescMessage, fromBinary } from '@bufbuild/protobuf';
import {
  FieldSchema,
  InternalIdSchema,
  ListSchema,
  NodeSchema,
  PathSchema,
  RelationshipSchema,
  StructSchema,
  TimestampSchema,
  type Value,
  ValueSchema,
} from '../../../gen/trellis/graph/v1/value_pb.js';
import { dateText } from './calendar.ts';
import { JsonBytes } from './json-bytes.ts';
import { rowField } from './message-from-json.ts';
import { momentText } from './moment.ts';
import { timestampUnitsPerSecond } from './typed-scalar.ts';
import { floatJson, integerJson, propertyName, shortestFloat, valueToJson } from './value-to-json.ts';
import { WireCursor } from './wire-cursor.ts';
import { wireTag } from './wire-tags.ts';

type KindCase = Value['kind']['case'];

/** Messages within each other that protobuf-es follows. */
const depthMax = 100;

/** Messages between a value and those in it, at most: a path, a node, and its identity or the field of a property. */
const uncountedDepth = 3;

/** A value in a row stands within the row and the answer. */
const rowValueDepth = 3;

const underscore = 0x5f;
const [comma, colon, quote] = [0x2c, 0x3a, 0x22];
const [openArray, closeArray, openObject, closeObject] = [0x5b, 0x5d, 0x7b, 0x7d];

const kindByTag: KindCase[] = [];
for (const field of ValueSchema.fields) kindByTag[wireTag(field)] = field.localName as KindCase;

const tags = {
  listValue: wireTag(ListSchema.field.values),
  structField: wireTag(StructSchema.field.fields),
  fieldName: wireTag(FieldSchema.field.name),
  fieldValue: wireTag(FieldSchema.field.value),
  sinceEpoch: wireTag(TimestampSchema.field.sinceEpoch),
  precision: wireTag(TimestampSchema.field.precision),
  withTimeZone: wireTag(TimestampSchema.field.withTimeZone),
  idTable: wireTag(InternalIdSchema.field.table),
  idOffset: wireTag(InternalIdSchema.field.offset),
  nodeId: wireTag(NodeSchema.field.id),
  nodeLabel: wireTag(NodeSchema.field.label),
  nodeProperty: wireTag(NodeSchema.field.properties),
  relationshipId: wireTag(RelationshipSchema.field.id),
  relationshipLabel: wireTag(RelationshipSchema.field.label),
  source: wireTag(RelationshipSchema.field.source),
  destination: wireTag(RelationshipSchema.field.destination),
  relationshipProperty: wireTag(RelationshipSchema.field.properties),
  pathNode: wireTag(PathSchema.field.nodes),
  pathRelationship: wireTag(PathSchema.field.relationships),
};

/**
 * Writes rows as JSON straight from protobuf's wire form, as decoding and {@link valueToJson} would. Knows the usual
 * kinds in the form in which our services write them: each field once at most, in order. What is anything else is
 * decoded: a value, or a row, by itself.
 */
export class WireRows {
  readonly #cursor = new WireCursor();
  readonly #json = new JsonBytes();

  /** Begins with the rows of a message. */
  open(message: Buffer): void {
    this.#cursor.open(message);
  }

  /** The rows since `open` as a JSON array. Throws where a text is not UTF-8. */
  toString(): string {
    return `[${this.#json}]`;
  }

  /** Lets go of the message. To be called after `open`, whatever `write` threw. */
  close(): void {
    this.#cursor.open();
    this.#json.clear();
  }

  /** Writes the row of this type that is the bytes from `start` to `end`, which must lie within the message. */
  write(row: DescMessage, start: number, end: number): void {
    const json = this.#json;
    if (json.length > 0) json.byte(comma);
    const mark = json.length;
    this.#cursor.at = start;
    json.byte(openArray);
    if (this.#values(wireTag(rowField(row)), end, rowValueDepth)) {
      json.byte(closeArray);
      return;
    }
    json.truncate(mark);
    const decoded = fromBinary(row, this.#cursor.bytes.subarray(start, end), {
      recursionLimit: depthMax - 1,
    });
    const values = (decoded as unknown as Readonly<Record<string, readonly Value[]>>)[
      rowField(row).localName
    ];
    json.text(`[${(values ?? []).map(valueToJson).join(',')}]`);
  }

  // The rest, up to `end`, as values with commas between. False, here and below, where it is not what is known.
  #values(tag: number, end: number, depth: number): boolean {
    const cursor = this.#cursor;
    for (let isFirst = true; cursor.at < end; isFirst = false) {
      const valueEnd = cursor.enter(tag, end);
      if (valueEnd < 0) return false;
      if (!isFirst) this.#json.byte(comma);
      this.#value(valueEnd, depth);
    }
    return cursor.at === end;
  }

  #value(end: number, depth: number): void {
    const { bytes, at: start } = this.#cursor;
    const mark = this.#json.length;
    if (depth <= depthMax - uncountedDepth && this.#kind(end, depth) && this.#cursor.at === end) return;
    this.#json.truncate(mark);
    const recursionLimit = depthMax - depth + 1;
    this.#json.text(valueToJson(fromBinary(ValueSchema, bytes.subarray(start, end), { recursionLimit })));
    this.#cursor.at = end;
  }

  #kind(end: number, depth: number): boolean {
    const cursor = this.#cursor;
    const json = this.#json;
    switch (kindByTag[cursor.unsigned()]) {
      case 'int64Value':
        return this.#integer(cursor.signed());
      case 'stringValue':
      case 'int128Value':
      case 'decimalValue':
      case 'uuidValue':
        return this.#fills(end) && this.#text(end);
      case 'doubleValue':
        if (cursor.at + 8 !== end) return false;
        json.text(floatJson(cursor.bytes.readDoubleLE(cursor.at)));
        cursor.at = end;
        return true;
      case 'nullValue':
        cursor.unsigned();
        json.text('null');
        return true;
      case 'boolValue':
        json.text(cursor.unsigned() === 0 ? 'false' : 'true');
        return true;
      case 'uint64Value':
        return this.#integer(cursor.unsigned());
      case 'floatValue':
        if (cursor.at + 4 !== end) return false;
        json.text(floatJson(shortestFloat(cursor.bytes.readFloatLE(cursor.at))));
        cursor.at = end;
        return true;
      case 'dateValue':
        return this.#date(cursor.signed());
      case 'internalIdValue':
        return this.#fills(end) && this.#id(end);
      case 'timestampValue':
        return this.#fills(end) && this.#timestamp(end);
      case 'listValue':
        return this.#fills(end) && this.#list(end, depth + 2);
      case 'structValue':
        return this.#fills(end) && this.#struct(end, depth + 3);
      case 'nodeValue':
        return this.#fills(end) && this.#node(end, depth + 3);
      case 'relationshipValue':
        return this.#fills(end) && this.#relationship(end, depth + 3);
      case 'pathValue':
        return this.#fills(end) && this.#path(end, depth + 4);
      default:
        return false;
    }
  }

  // True where what comes next, with its length before it, goes on up to `end`.
  #fills(end: number): boolean {
    const length = this.#cursor.unsigned();
    return this.#cursor.at + length === end;
  }

  #integer(integer: number): boolean {
    if (Number.isSafeInteger(integer)) this.#json.integer(integer);
    else this.#json.text(integerJson(this.#cursor.exact(integer)));
    return true;
  }

  #text(end: number): boolean {
    const cursor = this.#cursor;
    this.#json.quoted(cursor.bytes, cursor.at, end);
    cursor.at = end;
    return true;
  }

  #date(days: number): boolean {
    if (days !== (days | 0)) return false;
    this.#json.text(`"${dateText(days)}"`);
    return true;
  }

  #timestamp(end: number): boolean {
    const cursor = this.#cursor;
    const sinceEpoch = cursor.reads(tags.sinceEpoch, end) ? cursor.exact(cursor.signed()) : 0n;
    const precision = cursor.reads(tags.precision, end) ? cursor.unsigned() : 0;
    if (cursor.reads(tags.withTimeZone, end)) cursor.unsigned();
    if (precision !== (precision | 0)) return false;
    this.#json.text(`"${momentText(sinceEpoch, timestampUnitsPerSecond(precision))}"`);
    return true;
  }

  #list(end: number, depth: number): boolean {
    this.#json.byte(openArray);
    const isKnown = this.#values(tags.listValue, end, depth);
    this.#json.byte(closeArray);
    return isKnown;
  }

  #struct(end: number, depth: number): boolean {
    const cursor = this.#cursor;
    this.#json.byte(openObject);
    for (let isFirst = true; cursor.at < end; isFirst = false) {
      const fieldEnd = cursor.enter(tags.structField, end);
      if (fieldEnd < 0) return false;
      if (!isFirst) this.#json.byte(comma);
      if (!this.#member(fieldEnd, depth, false)) return false;
    }
    this.#json.byte(closeObject);
    return cursor.at === end;
  }

  // A field as `"name":value`.
  #member(end: number, depth: number, isProperty: boolean): boolean {
    const cursor = this.#cursor;
    const nameEnd = cursor.enter(tags.fieldName, end);
    if (nameEnd < 0) return false;
    const mayBeOurs = isProperty && cursor.bytes[cursor.at] === underscore;
    if (!(mayBeOurs ? this.#propertyName(nameEnd) : this.#text(nameEnd))) return false;
    this.#json.byte(colon);
    if (cursor.enter(tags.fieldValue, end) !== end) return false;
    this.#value(end, depth);
    return true;
  }

  #propertyName(end: number): boolean {
    const name = this.#cursor.bytes.toString('utf8', this.#cursor.at, end);
    const other = propertyName(name);
    if (other === name) return this.#text(end);
    this.#json.text(JSON.stringify(other));
    this.#cursor.at = end;
    return true;
  }

  #properties(tag: number, end: number, depth: number): boolean {
    const cursor = this.#cursor;
    while (cursor.at < end) {
      const fieldEnd = cursor.enter(tag, end);
      if (fieldEnd < 0) return false;
      this.#json.byte(comma);
      if (!this.#member(fieldEnd, depth, true)) return false;
    }
    this.#json.byte(closeObject);
    return cursor.at === end;
  }

  #node(end: number, depth: number): boolean {
    return (
      this.#idMember('{"_id":', tags.nodeId, end) &&
      this.#label(tags.nodeLabel, end) &&
      this.#properties(tags.nodeProperty, end, depth)
    );
  }

  #relationship(end: number, depth: number): boolean {
    return (
      this.#idMember('{"_id":', tags.relationshipId, end) &&
      this.#label(tags.relationshipLabel, end) &&
      this.#idMember(',"_src":', tags.source, end) &&
      this.#idMember(',"_dst":', tags.destination, end) &&
      this.#properties(tags.relationshipProperty, end, depth)
    );
  }

  #path(end: number, depth: number): boolean {
    const cursor = this.#cursor;
    const json = this.#json;
    json.text('{"nodes":[');
    let partEnd = cursor.enter(tags.pathNode, end);
    for (let isFirst = true; partEnd >= 0; isFirst = false) {
      if (!isFirst) json.byte(comma);
      if (!this.#node(partEnd, depth)) return false;
      partEnd = cursor.enter(tags.pathNode, end);
    }
    json.text('],"relationships":[');
    partEnd = cursor.enter(tags.pathRelationship, end);
    for (let isFirst = true; partEnd >= 0; isFirst = false) {
      if (!isFirst) json.byte(comma);
      if (!this.#relationship(partEnd, depth)) return false;
      partEnd = cursor.enter(tags.pathRelationship, end);
    }
    json.text(']}');
    return cursor.at === end;
  }

  // What has no label is not known: it stands for what an optional pattern did not find.
  #label(tag: number, end: number): boolean {
    this.#json.text(',"_label":');
    const labelEnd = this.#cursor.enter(tag, end);
    return labelEnd > this.#cursor.at && this.#text(labelEnd);
  }

  #idMember(prefix: string, tag: number, end: number): boolean {
    this.#json.text(prefix);
    const idEnd = this.#cursor.enter(tag, end);
    if (idEnd >= 0) return this.#id(idEnd);
    this.#json.text('null');
    return true;
  }

  #id(end: number): boolean {
    this.#json.byte(quote);
    this.#idPart(tags.idTable, end);
    this.#json.byte(colon);
    this.#idPart(tags.idOffset, end);
    this.#json.byte(quote);
    return this.#cursor.at === end;
  }

  #idPart(tag: number, end: number): void {
    const cursor = this.#cursor;
    const part = cursor.reads(tag, end) ? cursor.unsigned() : 0;
    if (Number.isSafeInteger(part)) this.#json.integer(part);
    else this.#json.text(String(cursor.exact(part)));
  }
}
