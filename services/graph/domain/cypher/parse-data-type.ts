import type { TokenCursor } from './token-cursor.ts';

/** kU_DataType: a name, a struct, union, map or decimal, and any number of `[]`. */
export function parseDataType(cursor: TokenCursor): void {
  if (!cursor.acceptKeywords('UNION')) cursor.expectName();
  if (cursor.acceptSymbol('(')) {
    do parseTypeArgument(cursor);
    while (cursor.acceptSymbol(','));
    cursor.expectSymbol(')');
  }
  for (let dimensions = 1; cursor.peek()?.spaceBefore === false && cursor.acceptSymbol('['); dimensions += 1) {
    cursor.boundHeight(dimensions);
    cursor.expectNoSpace();
    if (cursor.peek()?.kind === 'integer') cursor.index += 1;
    cursor.expectNoSpace();
    cursor.expectSymbol(']');
  }
}

// DECIMAL takes numbers, MAP takes types, STRUCT and UNION take named fields.
function parseTypeArgument(cursor: TokenCursor): void {
  if (cursor.peek()?.kind === 'integer') {
    cursor.index += 1;
    return;
  }
  if (cursor.isName() && (cursor.isName(1) || cursor.isKeyword('UNION', 1))) {
    cursor.expectName();
    cursor.expectSpace();
  }
  parseDataType(cursor);
}
