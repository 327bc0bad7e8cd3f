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

/**
 * Refuses what the name of a new type would hide from the bounds above and below: DECIMAL and fixed arrays. The cursor
 * stands after the type, which begins at `start`.
 */
export function refuseInNewType(cursor: TokenCursor, start: number): void {
  const tokens = cursor.tokens.slice(start, cursor.index);
  for (const [index, token] of tokens.entries()) {
    if (DECIMAL.test(token.text)) throw notAllowed('CREATE TYPE with DECIMAL', token);
    if (token.kind === 'integer' && tokens[index - 1]?.text === '[')
      throw notAllowed('CREATE TYPE with ARRAY', token);
  }
}

/**
 * kU_DataType: a name, a union, a struct or one like it, a map or one like it, a decimal, and any number of `[]`.
 * Returns how many values one of it holds at least.
 */
export function parseDataType(cursor: TokenCursor): number {
  let values = cursor.acceptKeywords('UNION') ? parseFields(cursor) : parseNamedType(cursor);
  for (let dimensions = 1; cursor.isSymbol('[') && cursor.peek()?.spaceBefore === false; dimensions += 1) {
    cursor.boundHeight(dimensions);
    cursor.index += 1;
    cursor.expectNoSpace();
    values = parseArraySize(cursor, values);
    cursor.expectNoSpace();
    cursor.expectSymbol(']');
  }
  return values;
}

function parseArraySize(cursor: TokenCursor, values: number): number {
  const size = cursor.peek();
  if (size?.kind !== 'integer') return 1;
  const all = values * Number(size.text);
  const max = cursor.limits.arrayValuesMax;
  if (!(all <= max)) throw cursor.tooComplex('ARRAY', `a type holds more than ${max} values in fixed arrays`);
  cursor.index += 1;
  return all;
}

function parseNamedType(cursor: TokenCursor): number {
  const isDecimal = cursor.isKeyword('DECIMAL');
  cursor.expectName();
  if (!cursor.isSymbol('(')) return 1;
  if (isDecimal && cursor.peek(1)?.kind === 'integer') return parseDecimalSize(cursor);
  return isField(cursor, 1) ? parseFields(cursor) : parseKeyAndValue(cursor);
}

function parseDecimalSize(cursor: TokenCursor): number {
  cursor.expectSymbol('(');
  cursor.expectKind('integer');
  cursor.expectSymbol(',');
  cursor.expectKind('integer');
  cursor.expectSymbol(')');
  return 1;
}

function parseKeyAndValue(cursor: TokenCursor): number {
  cursor.expectSymbol('(');
  const values = parseDataType(cursor);
  cursor.expectSymbol(',');
  const all = values + parseDataType(cursor);
  cursor.expectSymbol(')');
  return all;
}

function parseFields(cursor: TokenCursor): number {
  let values = 0;
  cursor.expectSymbol('(');
  do {
    cursor.expectName();
    cursor.expectSpace();
    values += parseDataType(cursor);
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
  return values;
}

function isField(cursor: TokenCursor, ahead: number): boolean {
  return cursor.isName(ahead) && (cursor.isName(ahead + 1) || cursor.isKeyword('UNION', ahead + 1));
}
