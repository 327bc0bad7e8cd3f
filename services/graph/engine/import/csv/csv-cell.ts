import type { EngineType } from '../../../domain/values/engine-type.ts';
import type { LeafColumn } from '../parquet/leaf-column.ts';
import { type LeafType, storeSpan, storeText } from '../values/store-leaf.ts';

/** Takes the fields of one column. */
export interface CsvCell {
  /** Puts a field, whose quotes and escapes are gone; an empty one is NULL. Answers with what is wrong. */
  put(bytes: Buffer, start: number, end: number): string | undefined;
}

/** Integers with fewer digits are numbers without loss. */
const digitsMax = 15;
const shownCharactersMax = 60;

/** The cell of a property; a key must not be empty. */
export function createCsvCell(
  leaves: readonly LeafColumn[],
  type: EngineType,
  emptyProblem: string | undefined,
): CsvCell {
  const put = putterOf(leaves, type);
  return {
    put: (bytes, start, end) => {
      if (start === end) {
        if (emptyProblem !== undefined) return emptyProblem;
        for (const leaf of leaves) leaf.level(0, 0);
        return undefined;
      }
      const problem = put(bytes, start, end);
      if (problem === undefined) for (const leaf of leaves) leaf.level(1, 0);
      return problem;
    },
  };
}

function putterOf(leaves: readonly LeafColumn[], type: EngineType): CsvCell['put'] {
  const [leaf] = leaves as readonly [LeafColumn];
  const { values } = leaf;
  const putRaw = (bytes: Buffer, start: number, end: number) => {
    values.sized(bytes, start, end);
    return undefined;
  };
  if (type.kind !== 'leaf' && type.kind !== 'decimal') return putRaw;
  if (type.kind === 'leaf') {
    if (type.name === 'STRING') return putRaw;
    if (type.name === 'BLOB') return (bytes, start, end) => putBlob(leaf, bytes.subarray(start, end));
    if (type.name === 'INTERVAL') {
      return (bytes, start, end) => told(storeSpan, leaves, trimmed(bytes, start, end));
    }
    if (type.name === 'INT64') {
      return (bytes, start, end) => {
        const value = readDigits(bytes, start, end);
        if (value === undefined) return putText(leaf, type, trimmed(bytes, start, end));
        values.int64(value);
        return undefined;
      };
    }
  }
  return (bytes, start, end) => putText(leaf, type, trimmed(bytes, start, end));
}

function putText(leaf: LeafColumn, type: LeafType, text: string): string | undefined {
  const problem = storeText(leaf, type, text);
  return problem && `${shown(text)} ${problem}`;
}

function told(
  store: (leaves: readonly LeafColumn[], text: string) => string | undefined,
  leaves: readonly LeafColumn[],
  text: string,
): string | undefined {
  const problem = store(leaves, text);
  return problem && `${shown(text)} ${problem}`;
}

/** A short integer without leading zeros; undefined for everything else, which goes the long way. */
function readDigits(bytes: Buffer, start: number, end: number): number | undefined {
  const isNegative = bytes[start] === 0x2d;
  const first = isNegative ? start + 1 : start;
  const digits = end - first;
  if (digits < 1 || digits > digitsMax || (digits > 1 && bytes[first] === 0x30)) return undefined;
  let value = 0;
  for (let at = first; at < end; at += 1) {
    const digit = (bytes[at] as number) - 0x30;
    if (digit < 0 || digit > 9) return undefined;
    value = value * 10 + digit;
  }
  return isNegative ? -value : value;
}

/** ASCII stands for itself, anything else for a byte: `\xAA`. */
function putBlob({ values }: LeafColumn, bytes: Buffer): string | undefined {
  const text = bytes.toString('latin1');
  if (!/^(?:[\x20-\x5b\x5d-\x7e\t\r\n]|\\x[0-9a-f]{2})*$/i.test(text)) {
    return 'is no BLOB: bytes that are not ASCII, and the backslash, are written as \\xAA';
  }
  const plain = text.replace(/\\x(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  const content = Buffer.from(plain, 'latin1');
  values.sized(content, 0, content.length);
  return undefined;
}

function trimmed(bytes: Buffer, start: number, end: number): string {
  return bytes.toString('utf8', start, end).trim();
}

function shown(text: string): string {
  return JSON.stringify(text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text);
}
