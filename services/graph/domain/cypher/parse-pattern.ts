import { LEFT_ARROW_HEADS, PATTERN_DASHES, RIGHT_ARROW_HEADS } from './characters.ts';
import { parseExpression } from './parse-expression.ts';
import { parseRecursiveDetail } from './parse-recursive-detail.ts';
import type { TokenCursor } from './token-cursor.ts';

/** oC_Pattern: parts separated by commas. Returns the number of relationships. */
export function parsePattern(cursor: TokenCursor): number {
  let relationships = 0;
  do {
    if (cursor.isName() && cursor.isSymbol('=', 1)) cursor.index += 2;
    relationships += parsePatternElement(cursor);
  } while (cursor.acceptSymbol(','));
  return relationships;
}

/** oC_PathPatterns: a node and at least one step, used as a condition. */
export function parsePathPattern(cursor: TokenCursor): void {
  let relationships = 0;
  parseNodePattern(cursor);
  do {
    parseStep(cursor);
    relationships += 1;
  } while (isStep(cursor));
  cursor.countMatched(relationships);
}

function parsePatternElement(cursor: TokenCursor): number {
  if (cursor.isSymbol('(') && cursor.isSymbol('(', 1)) {
    cursor.expectSymbol('(');
    cursor.expectNoSpace();
    const nested = parsePatternElement(cursor);
    cursor.expectNoSpace();
    cursor.expectSymbol(')');
    return nested;
  }
  let relationships = 0;
  parseNodePattern(cursor);
  for (; isStep(cursor); relationships += 1) parseStep(cursor);
  return relationships;
}

function parseNodePattern(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  if (cursor.isName()) cursor.index += 1;
  while (cursor.acceptSymbol(':')) cursor.expectName();
  if (cursor.isSymbol('{')) parseProperties(cursor);
  cursor.expectSymbol(')');
}

// `(a)-[]-(b) < 3` and `(a) - 1` do not go on: a step needs a dash and then a bracket or another dash.
function isStep(cursor: TokenCursor, ahead = 0): boolean {
  const next = ahead + 1;
  if (cursor.isSymbolOf(LEFT_ARROW_HEADS, ahead)) return cursor.isSymbolOf(PATTERN_DASHES, next);
  if (!cursor.isSymbolOf(PATTERN_DASHES, ahead)) return false;
  return cursor.isSymbol('[', next) || cursor.isSymbolOf(PATTERN_DASHES, next);
}

/** Whether a step follows the parenthesis that opens here: without one it is no path pattern. */
export function isBeforeStep(cursor: TokenCursor): boolean {
  const closing = cursor.closingIndexOf(cursor.index);
  return closing !== undefined && isStep(cursor, closing - cursor.index + 1);
}

function parseStep(cursor: TokenCursor): void {
  const pointsLeft = cursor.isSymbolOf(LEFT_ARROW_HEADS);
  if (pointsLeft) cursor.index += 1;
  expectDash(cursor);
  if (cursor.isSymbol('[')) parseRelationshipDetail(cursor);
  expectDash(cursor);
  if (!pointsLeft && cursor.isSymbolOf(RIGHT_ARROW_HEADS)) cursor.index += 1;
  parseNodePattern(cursor);
}

function expectDash(cursor: TokenCursor): void {
  if (!cursor.isSymbolOf(PATTERN_DASHES)) throw cursor.unexpected('-');
  cursor.index += 1;
}

function parseRelationshipDetail(cursor: TokenCursor): void {
  cursor.expectSymbol('[');
  if (cursor.isName()) cursor.index += 1;
  if (cursor.acceptSymbol(':')) {
    cursor.expectName();
    while (cursor.acceptSymbol('|')) {
      if (cursor.isSymbol(':')) {
        cursor.expectNoSpace();
        cursor.index += 1;
      }
      cursor.expectName();
    }
  }
  if (cursor.isSymbol('*')) parseRecursiveDetail(cursor);
  if (cursor.isSymbol('{')) parseProperties(cursor);
  cursor.expectSymbol(']');
}

function parseProperties(cursor: TokenCursor): void {
  cursor.expectSymbol('{');
  if (!cursor.isSymbol('}')) {
    do {
      cursor.expectName();
      cursor.expectSymbol(':');
      parseExpression(cursor);
    } while (cursor.acceptSymbol(','));
  }
  cursor.expectSymbol('}');
}
