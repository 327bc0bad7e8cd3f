import { LeafColumn } from '../parquet/leaf-column.ts';
import { type LeafType, storageOf } from '../values/store-leaf.ts';
import { storeJson, ValueRefused } from './json-column.ts';
import { type Json, JsonNumber } from './parse-json-line.ts';

/** Bytes that tell the length of a text. */
const lengthBytes = 4;

/** A plain value as the engine reads it within a nested text, without what would be punctuation there. Throws ValueRefused. */
export function leafText(type: LeafType, json: Json): string {
  const scratch = new LeafColumn([], storageOf(type)?.physical ?? 'byteArray', 0, 0);
  const problem = storeJson(scratch, type, json);
  if (problem !== undefined) throw new ValueRefused(problem);
  // Decimals, INT128 and UUIDs stand there as they are always written.
  if (scratch.physical === 'byteArray') return scratch.values.bytes.toString('utf8', lengthBytes);
  return json instanceof JsonNumber ? json.source : String(json);
}
