import { create, type DescField, type DescMessage, fromBinary, type Message } from '@bufbuild/protobuf';
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { RestForm } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { restForm } from './message-from-json.ts';
import { WireRows } from './wire-rows.ts';
import { wireTag } from './wire-tags.ts';
import { WrittenRows } from './written-rows.ts';

type RowsField = DescField & { readonly fieldKind: 'list'; readonly listKind: 'message' };

const rowsFieldByType = new WeakMap<DescMessage, RowsField | null>();
const wireRows = new WireRows();

/**
 * Decodes an answer for JsonWriter: its rows, where it has any, are written at once and stand in it as WrittenRows,
 * because a result has thousands of them. Throws where the bytes are not such a message.
 */
export function decodeAnswer(desc: DescMessage, bytes: Uint8Array): Message {
  const field = rowsField(desc);
  return field ? decodeWithRows(desc, field, bytes) : fromBinary(desc, bytes);
}

function decodeWithRows(desc: DescMessage, field: RowsField, bytes: Uint8Array): Message {
  // What is not rows, in runs.
  const rest: Uint8Array[] = [];
  wireRows.open(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength));
  try {
    writeRows(field, bytes, rest);
    const [first] = rest;
    if ((first?.length ?? 0) === bytes.length) return fromBinary(desc, bytes);
    const message = first ? fromBinary(desc, rest.length > 1 ? Buffer.concat(rest) : first) : create(desc);
    return Object.assign(message, { [field.localName]: new WrittenRows(String(wireRows)) });
  } finally {
    wireRows.close();
  }
}

function writeRows(field: RowsField, bytes: Uint8Array, rest: Uint8Array[]): void {
  const reader = new BinaryReader(bytes);
  const tag = wireTag(field);
  let restStart = 0;
  while (reader.pos < reader.len) {
    const start = reader.pos;
    if (reader.uint32() !== tag) {
      reader.pos = start;
      const [number, wireType] = reader.tag();
      if (number === field.number) throw new Error(`${field} cannot have the wire type ${wireType}`);
      reader.skip(wireType, number);
      continue;
    }
    const end = reader.uint32() + reader.pos;
    if (end > reader.len) throw new RangeError('premature EOF');
    wireRows.write(field.message, reader.pos, end);
    if (restStart < start) rest.push(bytes.subarray(restStart, start));
    reader.pos = end;
    restStart = end;
  }
  if (restStart < bytes.length) rest.push(bytes.subarray(restStart));
}

function rowsField(desc: DescMessage): RowsField | null {
  let field = rowsFieldByType.get(desc);
  if (field === undefined) {
    field = desc.fields.find(isRows) ?? null;
    rowsFieldByType.set(desc, field);
  }
  return field;
}

function isRows(field: DescField): field is RowsField {
  return (
    field.fieldKind === 'list' && field.listKind === 'message' && restForm(field.message) === RestForm.ROW
  );
}
