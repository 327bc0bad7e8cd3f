import {
  create,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  type MessageShape,
} from '@bufbuild/protobuf';
import { isWrapperDesc, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { type Json, JsonNumber, toPlain } from './json-tree.ts';
import { parseMoment } from './moment.ts';
import { readScalarText, TextMismatch } from './scalar-text.ts';

const ownForms: ReadonlyMap<string, string> = new Map([
  ['google.protobuf.Timestamp', 'must be an RFC 3339 time such as "2026-01-02T03:04:05Z"'],
  ['google.protobuf.Duration', 'must be a duration in seconds such as "1.5s"'],
  ['google.protobuf.FieldMask', 'must be field names with commas between'],
  ['google.protobuf.Any', 'must be an object with a known "@type"'],
  ['google.protobuf.Struct', 'must be an object'],
  ['google.protobuf.Value', 'must be a JSON value'],
  ['google.protobuf.ListValue', 'must be an array'],
]);

const textForms = new Set([
  'google.protobuf.Timestamp',
  'google.protobuf.Duration',
  'google.protobuf.FieldMask',
]);

// From 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z.
const timestampSeconds = { min: -62_135_596_800n, max: 253_402_300_799n };

/** True for the well-known types whose JSON is not an object of their fields. */
export function hasOwnForm(desc: DescMessage): boolean {
  return ownForms.has(desc.typeName) || isWrapperDesc(desc);
}

/** True for the well-known types whose JSON is one text or scalar. */
export function isTextMessage(desc: DescMessage): boolean {
  return textForms.has(desc.typeName) || isWrapperDesc(desc);
}

/** A well-known type from its canonical JSON. */
export function readOwnForm(desc: DescMessage, json: Json): Message | TextMismatch {
  const wrapped = isWrapperDesc(desc) ? desc.fields[0] : undefined;
  if (wrapped?.fieldKind === 'scalar' && (json instanceof JsonNumber || typeof json === 'string')) {
    const isText = typeof json === 'string';
    return fromPlain(desc, isText ? json : exactOrNumber(json.source));
  }
  if (desc.typeName === TimestampSchema.typeName) {
    return typeof json === 'string' ? readTimestamp(json) : mismatch(desc);
  }
  return fromPlain(desc, toPlain(json) as JsonValue);
}

/** A well-known type from the text in a path or a query. */
export function readTextMessage(desc: DescMessage, text: string): Message | TextMismatch {
  if (desc.typeName === TimestampSchema.typeName) return readTimestamp(text);
  const wrapped = isWrapperDesc(desc) ? desc.fields[0] : undefined;
  if (wrapped?.fieldKind !== 'scalar') return fromPlain(desc, text);
  const value = readScalarText(wrapped.scalar, text);
  return value instanceof TextMismatch ? value : create(desc, { [wrapped.localName]: value });
}

// A wrapped int64 is read from a string, so that its digits survive.
function exactOrNumber(source: string): string | number {
  return /^-?\d+$/.test(source) && !Number.isSafeInteger(Number(source)) ? source : Number(source);
}

function readTimestamp(text: string): MessageShape<typeof TimestampSchema> | TextMismatch {
  const moment = parseMoment(text);
  if (!moment?.hasZone) return mismatch(TimestampSchema);
  const { seconds, nanos } = moment;
  if (seconds < timestampSeconds.min || seconds > timestampSeconds.max) return mismatch(TimestampSchema);
  return create(TimestampSchema, { seconds, nanos });
}

function fromPlain(desc: DescMessage, json: JsonValue): Message | TextMismatch {
  try {
    return fromJson(desc, json);
  } catch {
    return mismatch(desc);
  }
}

function mismatch(desc: DescMessage): TextMismatch {
  return new TextMismatch(ownForms.get(desc.typeName) ?? `must be the JSON of ${desc.typeName}`);
}
