import { isUtf8 } from 'node:buffer';
import { type Json, JsonNumber } from '../json/parse-json-line.ts';
import type { FileLeaf } from './file-schema.ts';
import { ParquetInvalid } from './parquet-invalid.ts';

const julianEpochDays = 2_440_588n;
const dayNanos = 86_400_000_000_000n;

/** Reads so many values in the plain encoding, as JSON would write them. Throws ParquetInvalid. */
export function decodePlain(leaf: FileLeaf, bytes: Buffer, count: number): Json[] {
  const values: Json[] = [];
  let at = 0;
  for (let index = 0; index < count; index += 1) {
    if (leaf.physical === 0) {
      const byte = bytes[index >> 3];
      if (byte === undefined) throw new ParquetInvalid('a page is cut off');
      values.push(((byte >> (index & 7)) & 1) === 1);
      continue;
    }
    let length = widthOf(leaf.physical, leaf.length);
    if (leaf.physical === 6) {
      if (at + 4 > bytes.length) throw new ParquetInvalid('a page is cut off');
      length = bytes.readUInt32LE(at);
      at += 4;
    }
    if (at + length > bytes.length) throw new ParquetInvalid('a page is cut off');
    values.push(decodeOne(leaf, bytes, at, length));
    at += length;
  }
  return values;
}

/** Bytes of the values of the physical types that have a fixed width. */
const widths: Readonly<Record<number, number>> = { 1: 4, 2: 8, 3: 12, 4: 4, 5: 8 };

/** Bytes of a value of a physical type; `length` where the schema says it. */
export function widthOf(physical: number, length: number): number {
  return widths[physical] ?? length;
}

function decodeOne({ physical, kind, scale }: FileLeaf, bytes: Buffer, at: number, length: number): Json {
  switch (kind) {
    case 'signed':
    case 'unsigned':
      return new JsonNumber(String(integerAt(physical, kind === 'unsigned', bytes, at)));
    case 'real':
      return realOf(physical === 4 ? bytes.readFloatLE(at) : bytes.readDoubleLE(at));
    case 'text': {
      const content = bytes.subarray(at, at + length);
      if (!isUtf8(content)) throw new ParquetInvalid('a text is not valid UTF-8');
      return content.toString();
    }
    case 'bytes':
      return bytes.toString('base64', at, at + length);
    case 'uuid':
      return bytes.toString('hex', at, at + length).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
    case 'date':
      return momentText(BigInt(bytes.readInt32LE(at)) * dayNanos).split('T')[0] ?? '';
    case 'decimal':
      return decimalText(unscaledOf(physical, bytes, at, length), scale);
    case 'millis':
      return momentText(bytes.readBigInt64LE(at) * 1_000_000n);
    case 'micros':
      return momentText(bytes.readBigInt64LE(at) * 1_000n);
    case 'nanos':
      return momentText(bytes.readBigInt64LE(at));
    case 'int96': {
      const days = BigInt(bytes.readUInt32LE(at + 8)) - julianEpochDays;
      return momentText(days * dayNanos + bytes.readBigInt64LE(at));
    }
    case 'span': {
      const [months, days, millis] = [0, 4, 8].map((part) => bytes.readUInt32LE(at + part));
      return `P${months}M${days}DT${((millis ?? 0) / 1_000).toFixed(3)}S`;
    }
    case 'nothing':
      throw new ParquetInvalid('a column of NULLs has a value');
    case 'bool':
      throw new ParquetInvalid('a boolean has an unknown form');
  }
}

function integerAt(physical: number, isUnsigned: boolean, bytes: Buffer, at: number): number | bigint {
  if (physical === 1) return isUnsigned ? bytes.readUInt32LE(at) : bytes.readInt32LE(at);
  return isUnsigned ? bytes.readBigUInt64LE(at) : bytes.readBigInt64LE(at);
}

function realOf(value: number): Json {
  if (Number.isFinite(value)) return new JsonNumber(Object.is(value, -0) ? '-0' : String(value));
  return String(value);
}

/** RFC 3339 in UTC with nanoseconds; beyond the years that a date can have, a text that is none. */
function momentText(nanos: bigint): string {
  const rest = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((nanos - rest) / 1_000_000n));
  if (Number.isNaN(date.getTime())) return `${nanos} ns`;
  return `${date.toISOString().slice(0, -1)}${String(rest).padStart(6, '0')}Z`;
}

function unscaledOf(physical: number, bytes: Buffer, at: number, length: number): bigint {
  if (physical === 1) return BigInt(bytes.readInt32LE(at));
  if (physical === 2) return bytes.readBigInt64LE(at);
  if (length === 0 || length > 64) throw new ParquetInvalid('a decimal has an unknown form');
  return BigInt.asIntN(length * 8, BigInt(`0x${bytes.toString('hex', at, at + length)}`));
}

function decimalText(unscaled: bigint, scale: number): string {
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  return `${unscaled < 0n ? '-' : ''}${whole}${scale === 0 ? '' : `.${digits.slice(-scale)}`}`;
}
