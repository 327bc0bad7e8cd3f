import { type DescEnum, type DescField, type Message, ScalarType } from '@bufbuild/protobuf';
import { base64Decode } from '@bufbuild/protobuf/wire';
import { type IntegerRange, integerRanges, isWithin, toInteger } from './exact-number.ts';
import { isTextMessage, readTextMessage } from './well-known.ts';

const integerText = /^-?(?:0|[1-9]\d*)$/;
const floatText = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const base64Text = /^(?:[A-Za-z0-9+/]*|[A-Za-z0-9_-]*)={0,2}$/;

/** Why a text is not a value of its type, such as `must be an integer`. */
export class TextMismatch {
  readonly expected: string;

  constructor(expected: string) {
    this.expected = expected;
  }
}

type Scalar = string | number | bigint | boolean | Uint8Array;

/** True where the field, or each element of a list field, can be written as one text: in a path or a query. */
export function isTextField(field: DescField): boolean {
  if (field.fieldKind === 'map') return false;
  return field.message === undefined || isTextMessage(field.message);
}

/** The value of a field, or of one element of it, from the text in a path or a query. */
export function readText(field: DescField, text: string): Scalar | Message | TextMismatch {
  if (field.fieldKind === 'map') return new TextMismatch('cannot be given as text');
  if (field.enum) return readEnumText(field.enum, text);
  if (field.message) return readTextMessage(field.message, text);
  return readScalarText(field.scalar, text);
}

/** The number of an enum's value by name. */
export function readEnumText(desc: DescEnum, text: string): number | TextMismatch {
  const value = desc.values.find(({ name }) => name === text);
  if (value) return value.number;
  const names = desc.values.slice(0, 20).map(({ name }) => name);
  return new TextMismatch(`must be one of ${names.join(', ')}`);
}

/** A scalar as text, strictly: no sign but minus, no spaces, no leading zeros. */
export function readScalarText(type: ScalarType, text: string): Scalar | TextMismatch {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return text === 'true' || (text === 'false' ? false : new TextMismatch('must be true or false'));
    case ScalarType.BYTES:
      return readBase64(text) ?? new TextMismatch('must be base64');
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return floatText.test(text) || isSpecialFloat(text)
        ? readFloat(type, Number(text), isSpecialFloat(text))
        : new TextMismatch('must be a number');
    default:
      return integerText.test(text) ? readInteger(type, text) : new TextMismatch('must be an integer');
  }
}

/** An integer of the type from its digits; 64-bit ones as bigint. */
export function readInteger(type: ScalarType, source: string): number | bigint | TextMismatch {
  const integer = toInteger(source);
  const [range, name, isWide] = integerKind(type);
  if (integer === undefined || !isWithin(integer, range))
    return new TextMismatch(`must be an integer of ${name}`);
  return isWide ? integer : Number(integer);
}

/** A float or double; undefined range errors become infinite and are refused unless they were meant. */
export function readFloat(type: ScalarType, number: number, isSpecial = false): number | TextMismatch {
  const rounded = type === ScalarType.FLOAT ? Math.fround(number) : number;
  if (isSpecial || Number.isFinite(rounded)) return rounded;
  return new TextMismatch(`is out of the range of ${type === ScalarType.FLOAT ? 'float' : 'double'}`);
}

/** True for the three texts that stand for what is not a number of JSON. */
export function isSpecialFloat(text: string): boolean {
  return text === 'NaN' || text === 'Infinity' || text === '-Infinity';
}

/** The bytes of standard or URL-safe base64, padded or not. */
export function readBase64(text: string): Uint8Array | undefined {
  if (!base64Text.test(text) || text.replace(/=+$/, '').length % 4 === 1) return undefined;
  try {
    return base64Decode(text);
  } catch {
    return undefined;
  }
}

function integerKind(type: ScalarType): readonly [range: IntegerRange, name: string, isWide: boolean] {
  switch (type) {
    case ScalarType.INT64:
    case ScalarType.SINT64:
    case ScalarType.SFIXED64:
      return [integerRanges.INT64, 'int64', true];
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return [integerRanges.UINT64, 'uint64', true];
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return [integerRanges.UINT32, 'uint32', false];
    default:
      return [integerRanges.INT32, 'int32', false];
  }
}
