import { parseAtom } from './parse-atom.ts';
import type { TokenCursor } from './token-cursor.ts';

type Level = (cursor: TokenCursor) => number;

const COMPARISONS: ReadonlySet<string> = new Set(['=', '<>', '<', '<=', '>', '>=']);
const SHIFTS: ReadonlySet<string> = new Set(['>>', '<<']);
const ADDITIVE: ReadonlySet<string> = new Set(['+', '-']);
const MULTIPLICATIVE: ReadonlySet<string> = new Set(['*', '/', '%']);

/** oC_Expression. Returns the height of the tree that the engine will build. */
export function parseExpression(cursor: TokenCursor): number {
  return chain(cursor, parseXor, () => cursor.acceptSpacedKeyword('OR'));
}

function parseXor(cursor: TokenCursor): number {
  return chain(cursor, parseAnd, () => cursor.acceptSpacedKeyword('XOR'));
}

function parseAnd(cursor: TokenCursor): number {
  return chain(cursor, parseNot, () => cursor.acceptSpacedKeyword('AND'));
}

function parseNot(cursor: TokenCursor): number {
  let negations = 0;
  while (cursor.acceptKeywords('NOT')) negations += 1;
  return cursor.boundHeight(parseComparison(cursor) + negations);
}

function parseComparison(cursor: TokenCursor): number {
  const left = parseBitwiseOr(cursor);
  if (!acceptSymbolOf(cursor, COMPARISONS)) return left;
  return cursor.boundHeight(Math.max(left, parseBitwiseOr(cursor)) + 1);
}

function parseBitwiseOr(cursor: TokenCursor): number {
  // `| {` starts the projections of a recursive relationship, and no struct can be an operand here.
  return chain(cursor, parseBitwiseAnd, () => !cursor.isSymbol('{', 1) && cursor.acceptSymbol('|'));
}

function parseBitwiseAnd(cursor: TokenCursor): number {
  return chain(cursor, parseShift, () => cursor.acceptSymbol('&'));
}

function parseShift(cursor: TokenCursor): number {
  return chain(cursor, parseAdditive, () => acceptSymbolOf(cursor, SHIFTS));
}

function parseAdditive(cursor: TokenCursor): number {
  return chain(cursor, parseMultiplicative, () => acceptSymbolOf(cursor, ADDITIVE));
}

function parseMultiplicative(cursor: TokenCursor): number {
  return chain(cursor, parsePower, () => acceptSymbolOf(cursor, MULTIPLICATIVE));
}

function parsePower(cursor: TokenCursor): number {
  return chain(cursor, parsePostfix, () => cursor.acceptSymbol('^'));
}

/** oC_StringListNullOperatorExpression: one string or null test, or any number of list operations. */
function parsePostfix(cursor: TokenCursor): number {
  let height = parseUnary(cursor);
  if (acceptStringOperator(cursor)) return cursor.boundHeight(Math.max(height, parseLookups(cursor)) + 1);
  if (cursor.acceptSpacedKeyword('IS')) {
    cursor.acceptKeywords('NOT');
    cursor.expectKeywords('NULL');
    return cursor.boundHeight(height + 1);
  }
  for (;;) {
    let operand = 0;
    if (cursor.isKeyword('IN')) {
      cursor.expectSpace();
      cursor.index += 1;
      operand = parseLookups(cursor);
    } else if (cursor.isSymbol('[')) {
      operand = parseSubscript(cursor);
    } else return height;
    height = cursor.boundHeight(Math.max(height, operand) + 1);
  }
}

/** The grammar takes no whitespace around the bounds of a subscript. */
function parseSubscript(cursor: TokenCursor): number {
  let height = 0;
  expectTight(cursor, '[');
  cursor.expectNoSpace();
  if (!cursor.isSymbol(':')) height = parseExpression(cursor);
  if (cursor.isSymbol(':')) {
    expectTight(cursor, ':');
    cursor.expectNoSpace();
    if (!cursor.isSymbol(']')) height = Math.max(height, parseExpression(cursor));
  }
  expectTight(cursor, ']');
  return height;
}

function expectTight(cursor: TokenCursor, symbol: string): void {
  cursor.expectNoSpace();
  cursor.expectSymbol(symbol);
}

function parseUnary(cursor: TokenCursor): number {
  let operations = 0;
  while (cursor.acceptSymbol('-')) operations += 1;
  const operand = parseLookups(cursor);
  if (cursor.acceptSymbol('!')) operations += 1;
  return cursor.boundHeight(operand + operations);
}

/** oC_PropertyOrLabelsExpression: an atom and its property look-ups. */
function parseLookups(cursor: TokenCursor): number {
  let height = parseAtom(cursor);
  while (cursor.acceptSymbol('.')) {
    if (!cursor.acceptSymbol('*')) cursor.expectName();
    height = cursor.boundHeight(height + 1);
  }
  return height;
}

function acceptStringOperator(cursor: TokenCursor): boolean {
  if (cursor.acceptSymbol('=~')) return true;
  const start = cursor.index;
  const isOperator =
    cursor.acceptKeywords('STARTS', 'WITH') ||
    cursor.acceptKeywords('ENDS', 'WITH') ||
    cursor.acceptKeywords('CONTAINS');
  if (isOperator && cursor.tokens[start]?.spaceBefore === false) {
    cursor.index = start;
    cursor.expectSpace();
  }
  return isOperator;
}

function acceptSymbolOf(cursor: TokenCursor, symbols: ReadonlySet<string>): boolean {
  if (!cursor.isSymbolOf(symbols)) return false;
  cursor.index += 1;
  return true;
}

// The engine builds a left-deep tree of such a chain and walks it recursively.
function chain(cursor: TokenCursor, next: Level, acceptOperator: () => boolean): number {
  let height = next(cursor);
  while (acceptOperator()) height = cursor.boundHeight(Math.max(height, next(cursor)) + 1);
  return height;
}
