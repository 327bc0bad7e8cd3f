import { parseExpression } from './parse-expression.ts';
import { parseProjectionItems } from './parse-projection.ts';
import type { TokenCursor } from './token-cursor.ts';

/** kU_RecursiveDetail: `*`, then optionally a path kind, a range and a comprehension. */
export function parseRecursiveDetail(cursor: TokenCursor): void {
  cursor.expectSymbol('*');
  parseRecursiveType(cursor);
  parseRange(cursor);
  if (cursor.isSymbol('(')) parseComprehension(cursor);
}

function parseRecursiveType(cursor: TokenCursor): void {
  const all = cursor.acceptKeywords('ALL');
  if (cursor.acceptKeywords('WSHORTEST')) {
    cursor.expectSymbol('(');
    cursor.expectName();
    cursor.expectSymbol(')');
  } else if (all) {
    cursor.expectKeywords('SHORTEST');
  } else {
    cursor.acceptKeywords('SHORTEST') || cursor.acceptKeywords('TRAIL') || cursor.acceptKeywords('ACYCLIC');
  }
}

function parseRange(cursor: TokenCursor): void {
  if (cursor.peek()?.kind === 'integer') cursor.index += 1;
  if (cursor.acceptSymbol('..') && cursor.peek()?.kind === 'integer') cursor.index += 1;
}

function parseComprehension(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  cursor.expectName();
  cursor.expectSymbol(',');
  cursor.expectName();
  if (cursor.isSymbol('|') && cursor.isKeyword('WHERE', 1)) {
    cursor.index += 2;
    parseExpression(cursor);
  }
  if (cursor.acceptSymbol('|')) {
    parseBracedItems(cursor);
    cursor.expectSymbol(',');
    parseBracedItems(cursor);
  }
  cursor.expectSymbol(')');
}

function parseBracedItems(cursor: TokenCursor): void {
  cursor.expectSymbol('{');
  if (!cursor.isSymbol('}')) parseProjectionItems(cursor);
  cursor.expectSymbol('}');
}
