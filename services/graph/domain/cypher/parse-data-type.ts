import { notAllowed, type TokenCursor } from './token-cursor.ts';

const DECIMAL = /\b(?:DECIMAL|NUMERIC)\b/i;

/**
 * Refuses a cast to a type that holds DECIMAL within another: from text it ends the process, from another DECIMAL
 * it gives wrong values (tried on 0.11.3). The cursor stands after the type, which begins at `start`.
 */
export function refuseNestedDecimal(cursor: TokenCursor, start: number): void {
  const tokens = cursor.tokens.slice(start, cursor.index);
  // `CAST(x, "DECIMAL(5, 2)[]")` names the type in a string.
  const text = tokens.map((token) => token.text.replace(/^(["'])\s*(.*)\1$/s, '$2')).join(' ');
  const isNested = DECIMAL.test(text) && (text.includes('[') || text.search(DECIMAL) > 0);
  const [first] = tokens;
  if (isNested && first) throw notAllowed('CAST to DECIMAL within another type', first);
}

/** kU_DataType: a name, a union, a struct or one like it, a map or one like it, a decimal, and any number of `[]`. */
export function parseDataType(cursor: TokenCursor): void {
  if (cursor.acceptKeywords('UNION')) parseFields(cursor);
  else parseNamedType(cursor);
  for (let dimensions = 1; cursor.isSymbol('[') && cursor.peek()?.spaceBefore === false; dimensions += 1) {
    cursor.boundHeight(dimensions);
    cursor.index += 1;
    cursor.expectNoSpace();
    if (cursor.peek()?.kind === 'integer') cursor.index += 1;
    cursor.expectNoSpace();
    cursor.expectSymbol(']');
  }
}

function parseNamedType(cursor: TokenCursor): void {
  const isDecimal = cursor.isKeyword('DECIMAL');
  cursor.expectName();
  if (!cursor.isSymbol('(')) return;
  if (isDecimal && cursor.peek(1)?.kind === 'integer') parseDecimalSize(cursor);
  else if (isField(cursor, 1)) parseFields(cursor);
  else parseKeyAndValue(cursor);
}

function parseDecimalSize(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  cursor.expectKind('integer');
  cursor.expectSymbol(',');
  cursor.expectKind('integer');
  cursor.expectSymbol(')');
}

function parseKeyAndValue(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  parseDataType(cursor);
  cursor.expectSymbol(',');
  parseDataType(cursor);
  cursor.expectSymbol(')');
}

function parseFields(cursor: TokenCursor): void {
  cursor.expectSymbol('(');
  do {
    cursor.expectName();
    cursor.expectSpace();
    parseDataType(cursor);
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
}

function isField(cursor: TokenCursor, ahead: number): boolean {
  return cursor.isName(ahead) && (cursor.isName(ahead + 1) || cursor.isKeyword('UNION', ahead + 1));
}
