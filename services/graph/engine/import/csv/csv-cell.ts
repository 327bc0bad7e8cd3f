import type { EngineType } from '../../../domain/values/engine-type.ts';
import { type JsonColumn, ValueRefused } from '../json/json-column.ts';
import type { LeafColumn } from '../parquet/leaf-column.ts';
import { type LeafType, storeSpan, storeText } from '../values/store-leaf.ts';
import { checkLeaves } from './check-leaves.ts';
import { isNullText, parseNestedText } from './nested-text.ts';
import { storeBlob } from './store-field.ts';

/** Takes the fields of one column. */
export interface CsvCell {
  /** Puts a field, whose quotes and escapes are gone; one without value is NULL. Answers with what is wrong. */
  put(bytes: Buffer, start: number, end: number): string | undefined;
}

/** What a cell fills. */
export interface CsvColumn {
  readonly leaves: readonly LeafColumn[];
  /** For nested values that stand in the file as they are. */
  readonly json: JsonColumn | undefined;
}

type Put = CsvCell['put'];

/** Integers with fewer digits are numbers without loss. */
const digitsMax = 15;
const nullBytesMax = 16;
const noValue = 'has no value';
const shownCharactersMax = 60;

/** The cell of a property; a key must not be empty. */
export function createCsvCell(
  column: CsvColumn,
  type: EngineType,
  emptyProblem: string | undefined,
): CsvCell {
  const { leaves, json } = column;
  if (json) return { put: refusing((text) => json.put(parseNestedText(text, type), 0)) };
  const put = putterOf(leaves, type);
  return {
    put: (bytes, start, end) => {
      const problem = start === end ? noValue : put(bytes, start, end);
      if (problem === undefined) {
        for (const leaf of leaves) leaf.level(1, 0);
        return undefined;
      }
      if (!isNullField(bytes, start, end, type)) return problem;
      if (emptyProblem !== undefined) return emptyProblem;
      for (const leaf of leaves) leaf.level(0, 0);
      return undefined;
    },
  };
}

function isNullField(bytes: Buffer, start: number, end: number, type: EngineType): boolean {
  if (start === end) return true;
  return end - start <= nullBytesMax && isNullText(bytes.toString('utf8', start, end), type);
}

function putterOf(leaves: readonly LeafColumn[], type: EngineType): Put {
  const [leaf] = leaves as readonly [LeafColumn];
  const { values } = leaf;
  const putRaw: Put = (bytes, start, end) => {
    values.sized(bytes, start, end);
    return undefined;
  };
  if (type.kind !== 'leaf' && type.kind !== 'decimal') return checkedPut(type, putRaw);
  if (type.kind === 'leaf') {
    if (type.name === 'STRING') return putRaw;
    if (type.name === 'BLOB') {
      return (bytes, start, end) =>
        isNullField(bytes, start, end, type) ? noValue : storeBlob(leaf, bytes.subarray(start, end));
    }
    if (type.name === 'INTERVAL') return textPut((text) => storeSpan(leaves, text));
    if (type.name === 'INT64') {
      const putLong = textPut((text) => storeText(leaf, type, text));
      return (bytes, start, end) => {
        const value = readDigits(bytes, start, end);
        if (value === undefined) return putLong(bytes, start, end);
        values.int64(value);
        return undefined;
      };
    }
  }
  const leafType: LeafType = type;
  return textPut((text) => storeText(leaf, leafType, text));
}

function textPut(store: (text: string) => string | undefined): Put {
  return (bytes, start, end) => {
    const text = bytes.toString('utf8', start, end).trim();
    const problem = store(text);
    return problem && `${shown(text)} ${problem}`;
  };
}

/** A nested value of which the engine gets the text, where every leaf of it is one. */
function checkedPut(type: EngineType, putRaw: Put): Put {
  // How the engine finds the alternative of a union is its own.
  if (type.kind === 'union') return putRaw;
  const check = refusing((text) => checkLeaves(parseNestedText(text, type), type));
  return (bytes, start, end) => {
    if (isNullText(bytes.toString('utf8', start, end), type)) return noValue;
    return check(bytes, start, end) ?? putRaw(bytes, start, end);
  };
}

function refusing(work: (text: string) => void): Put {
  return (bytes, start, end) => {
    const text = bytes.toString('utf8', start, end);
    try {
      work(text);
      return undefined;
    } catch (error) {
      if (!(error instanceof ValueRefused)) throw error;
      return `${shown(text)} ${error.message}`;
    }
  };
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

function shown(text: string): string {
  return JSON.stringify(text.length > shownCharactersMax ? `${text.slice(0, shownCharactersMax)}…` : text);
}
