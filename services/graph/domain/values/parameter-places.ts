import { nameOf, type Token } from '../cypher/token.ts';

const comparisons: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const operators: ReadonlySet<string> = new Set(['IN', 'CONTAINS', 'SKIP', 'LIMIT']);
const closers: ReadonlySet<string> = new Set([',', '}', ')', ';']);
const followers: ReadonlySet<string> = new Set([
  ...[
    'AND',
    'OR',
    'XOR',
    'RETURN',
    'WITH',
    'SET',
    'CREATE',
    'MATCH',
    'MERGE',
    'OPTIONAL',
    'UNWIND',
    'DELETE',
  ],
  ...['DETACH', 'ORDER', 'SKIP', 'LIMIT', 'UNION', 'ON', 'THEN', 'END', 'WHEN', 'ELSE'],
]);

/**
 * True where all parameters of a statement stand in places where the engine can prepare it without knowing their
 * types. It prepares with NULLs of no type: a function of such a value may not bind, or end the process (28
 * functions do, tried on 0.11.3). In the value of a pattern's property, beside a comparison or after SKIP it is safe,
 * and so is `UNWIND $rows AS row`, where row and row.x stand in such places.
 */
export function hasPreparablePlaces(tokens: readonly Token[]): boolean {
  const unwound = unwoundVariable(tokens);
  return tokens.every((token, at) => {
    if (token.kind === 'symbol' && token.text === '$') {
      return (unwound !== undefined && at === 1) || isSafePlace(tokens, at, at + 2);
    }
    if (unwound === undefined || at <= 4 || nameOf(token) !== unwound || !isName(token)) return true;
    // `x.row` and `{row: …}` are properties.
    if (tokens[at - 1]?.text === '.' || tokens[at + 1]?.text === ':') return true;
    const isProperty = tokens[at + 1]?.text === '.';
    return isSafePlace(tokens, at, at + (isProperty ? 3 : 1));
  });
}

/** The name that a statement which begins with `UNWIND $rows AS row` gives to its rows. */
function unwoundVariable(tokens: readonly Token[]): string | undefined {
  const [unwind, dollar, , as, variable] = tokens;
  if (unwind?.word !== 'UNWIND' || dollar?.text !== '$' || as?.word !== 'AS' || !variable) return undefined;
  return nameOf(variable);
}

/** Whether the value that takes the tokens from `start` up to `end` stands in a safe place. */
function isSafePlace(tokens: readonly Token[], start: number, end: number): boolean {
  const [before, after] = [tokens[start - 1], tokens[end]];
  const isEnded =
    !after ||
    (after.kind === 'symbol' && closers.has(after.text)) ||
    (after.kind === 'keyword' && followers.has(after.word));
  if (!isEnded || !before) return false;
  if (before.kind === 'symbol') {
    if (comparisons.has(before.text)) return true;
    return before.text === ':' && isInPattern(tokens, start - 1);
  }
  if (before.kind !== 'keyword') return false;
  if (operators.has(before.word)) return true;
  const start2 = tokens[start - 2]?.word;
  return before.word === 'WITH' && (start2 === 'STARTS' || start2 === 'ENDS');
}

/** A brace after a name opens the properties of a pattern; other braces are structs or subqueries. */
function isInPattern(tokens: readonly Token[], at: number): boolean {
  let depth = 0;
  for (let index = at; index > 0; index -= 1) {
    const { kind, text } = tokens[index] ?? { kind: 'symbol', text: '' };
    if (kind !== 'symbol') continue;
    if (text === '}' || text === ')' || text === ']') depth += 1;
    else if (text === '{' || text === '(' || text === '[') {
      if (depth > 0) depth -= 1;
      else return text === '{' && (isName(tokens[index - 1]) || isLabel(tokens, index - 1));
    }
  }
  return false;
}

/** A keyword after a colon is a label, as in `(:Comment {…})`. */
function isLabel(tokens: readonly Token[], at: number): boolean {
  const before = tokens[at - 1]?.text;
  return tokens[at]?.kind === 'keyword' && (before === ':' || before === '|');
}

function isName(token: Token | undefined): boolean {
  return token?.kind === 'name' || token?.kind === 'escaped-name';
}
