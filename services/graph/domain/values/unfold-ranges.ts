import { foldedNameOf, type Token } from '../cypher/token.ts';

/** Lists of fewer elements than this may be constants. */
const elementsMin = 2_048n;

/** Three arguments of a sign and an integer each, their commas, and the parenthesis. */
const tokensMax = 9;

/** A zero that the engine does not take for a constant, because `gen_random_uuid` is none. */
const zero = 'CASE WHEN gen_random_uuid() IS NULL THEN 1 ELSE 0 END';

/** Where a statement has `UNWIND range(`, whatever follows: the places of the parentheses. */
export function unwoundRanges(tokens: readonly Token[]): readonly number[] {
  return tokens.flatMap(({ word }, at) => {
    const [name, parenthesis] = [tokens[at + 1], tokens[at + 2]];
    const isRange = word === 'UNWIND' && name && foldedNameOf(name) === 'RANGE' && parenthesis?.text === '(';
    return isRange ? [at + 2] : [];
  });
}

/**
 * Keeps the engine from making a constant of the list in `UNWIND range(1, 1000000) AS i`: of a constant it holds each
 * element as an object of its own, more than once (tried on 0.11.3: 510 MiB, and 4 MiB where the list is computed).
 * Gives the same tokens at the same places.
 */
export function unfoldRanges(tokens: readonly Token[], ranges: readonly number[]): readonly Token[] {
  const ends = ranges.flatMap((at) => endOfLongRange(tokens, at + 1));
  if (ends.length === 0) return tokens;
  return tokens.map((token, at) => (ends.includes(at) ? { ...token, text: ` + ${zero})` } : token));
}

/** The place of the parenthesis that ends `range(…) AS`; none where it makes few elements or nobody can tell. */
function endOfLongRange(tokens: readonly Token[], first: number): number[] {
  const length = tokens.slice(first, first + tokensMax).findIndex(({ text }) => text === ')');
  if (length < 0 || tokens[first + length + 1]?.word !== 'AS') return [];
  const written = tokens.slice(first, first + length).map(({ text }) => text);
  const [from, to, step] = [...written.join('').split(','), '1'].map(toInteger);
  if (from === undefined || to === undefined || !step) return [];
  return (to - from) / step + 1n >= elementsMin ? [first + length] : [];
}

/** The INT64 that a text is, `7`, `-7` or `(-7)`; undefined where it is none. */
function toInteger(text: string): bigint | undefined {
  const digits = /^\(?(-?\d+)\)?$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const value = BigInt(digits);
  return value === BigInt.asIntN(64, value) ? value : undefined;
}
