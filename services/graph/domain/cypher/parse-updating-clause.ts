import { joinDetach } from './check-detach.ts';
import { parseAtom } from './parse-atom.ts';
import { parseExpression } from './parse-expression.ts';
import { parsePattern } from './parse-pattern.ts';
import { rangeOf, type TokenRange } from './parse-projection.ts';
import type { TokenCursor } from './token-cursor.ts';

/** oC_UpdatingClause; false if the cursor stands at something else. */
export function parseUpdatingClause(cursor: TokenCursor): boolean {
  const token = cursor.peek();
  if (cursor.acceptKeywords('CREATE')) {
    cursor.noteWrite('CREATE', token);
    parsePattern(cursor);
  } else if (cursor.acceptKeywords('MERGE')) {
    cursor.noteWrite('MERGE', token);
    parsePattern(cursor);
    while (cursor.acceptSpacedKeywords('ON', 'MATCH') || cursor.acceptSpacedKeywords('ON', 'CREATE')) {
      parseSet(cursor);
    }
  } else if (cursor.isKeyword('SET')) {
    cursor.noteWrite('SET', token);
    parseSet(cursor);
  } else if (cursor.isKeyword('DELETE') || cursor.isKeyword('DETACH')) {
    const start = cursor.index;
    const detaches = cursor.acceptKeywords('DETACH', 'DELETE');
    if (!detaches && !cursor.acceptKeywords('DELETE')) return false;
    cursor.noteWrite('DELETE', token);
    const nodes: TokenRange[] = [];
    do nodes.push(rangeOf(cursor, parseExpression));
    while (cursor.acceptSymbol(','));
    if (detaches && token) {
      cursor.detach = joinDetach(cursor.detach, { start, end: cursor.index, nodes }, token);
    }
  } else {
    return false;
  }
  return true;
}

function parseSet(cursor: TokenCursor): void {
  cursor.expectKeywords('SET');
  do {
    parseAtom(cursor);
    cursor.expectSymbol('.');
    if (!cursor.acceptSymbol('*')) cursor.expectName();
    cursor.expectSymbol('=');
    parseExpression(cursor);
  } while (cursor.acceptSymbol(','));
}
