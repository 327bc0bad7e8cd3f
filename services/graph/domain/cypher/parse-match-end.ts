import { parseExpression } from './parse-expression.ts';
import type { TokenCursor } from './token-cursor.ts';

/** oC_Where, if there is one. Returns the height of its expression. */
export function parseWhere(cursor: TokenCursor): number {
  if (!cursor.acceptKeywords('WHERE')) return 0;
  cursor.expectSpace();
  return parseExpression(cursor);
}

/** kU_Hint, if there is one: the order in which a MATCH joins. */
export function parseHint(cursor: TokenCursor): void {
  if (!cursor.acceptKeywords('HINT')) return;
  cursor.expectSpace();
  parseJoinNode(cursor);
}

function parseJoinNode(cursor: TokenCursor): void {
  for (;;) {
    if (cursor.acceptSymbol('(')) {
      parseJoinNode(cursor);
      cursor.expectSymbol(')');
    } else {
      cursor.expectName();
    }
    if (cursor.acceptSpacedKeyword('JOIN')) continue;
    if (!cursor.isKeyword('MULTI_JOIN')) return;
    while (cursor.acceptSpacedKeyword('MULTI_JOIN')) cursor.expectName();
    if (!cursor.acceptSpacedKeyword('JOIN')) return;
  }
}
