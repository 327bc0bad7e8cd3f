import { parseDataType, refuseNestedDecimal } from './parse-data-type.ts';
import { parseExpression } from './parse-expression.ts';
import { parseFunctionCall, parseFunctionParameter } from './parse-function-call.ts';
import { parseHint, parseWhere } from './parse-match-end.ts';
import { isBeforeStep, parsePathPattern, parsePattern } from './parse-pattern.ts';
import { CypherRefusal } from './refusal.ts';
import { nameOf } from './token.ts';
import type { TokenCursor } from './token-cursor.ts';

const LITERAL_KEYWORDS: ReadonlySet<string> = new Set(['TRUE', 'FALSE', 'NULL']);
const QUANTIFIERS: ReadonlySet<string> = new Set(['ALL', 'ANY', 'NONE', 'SINGLE']);

/** oC_Atom. Returns its height as an expression tree. */
export function parseAtom(cursor: TokenCursor): number {
  const token = cursor.peek();
  if (token === undefined) throw cursor.unexpected('an expression');
  if (token.kind === 'integer' || token.kind === 'double' || token.kind === 'string') return skip(cursor);
  if (token.kind === 'keyword') {
    if (LITERAL_KEYWORDS.has(token.word)) return skip(cursor);
    if (token.word === 'CASE') return parseCase(cursor);
    if (token.word === 'CAST') return parseCast(cursor);
    if (QUANTIFIERS.has(token.word)) return parseQuantifier(cursor);
    if (token.word === 'EXISTS' || (token.word === 'COUNT' && cursor.isSymbol('{', 1)))
      return parseSubquery(cursor);
  }
  if (token.kind === 'symbol') {
    if (token.text === '$') return parseParameter(cursor);
    if (token.text === '(') return parseParenthesis(cursor);
    if (token.text === '[') return parseList(cursor);
    if (token.text === '{') return parseStruct(cursor);
  }
  if (!cursor.isName()) throw cursor.unexpected('an expression');
  return cursor.isSymbol('(', 1) ? parseFunctionCall(cursor) : skip(cursor);
}

function skip(cursor: TokenCursor): number {
  cursor.index += 1;
  return 1;
}

function parseParameter(cursor: TokenCursor): number {
  cursor.expectSymbol('$');
  const token = cursor.peek();
  const isNamed = token?.kind === 'integer' || (cursor.isName() && token?.kind !== 'escaped-name');
  // The engine keeps the backticks in a parameter's name, which no caller can mean.
  if (token === undefined || !isNamed || token.spaceBefore) throw cursor.unexpected('a parameter name');
  cursor.parameters.add(nameOf(token));
  return skip(cursor);
}

function parseCase(cursor: TokenCursor): number {
  cursor.caseDepth += 1;
  if (cursor.caseDepth > cursor.limits.caseDepthMax) {
    throw cursor.tooComplex('CASE', `CASE is nested deeper than ${cursor.limits.caseDepthMax}`);
  }
  cursor.expectKeywords('CASE');
  let height = cursor.isKeyword('WHEN') ? 0 : parseExpression(cursor);
  do {
    cursor.expectKeywords('WHEN');
    height = Math.max(height, parseExpression(cursor));
    cursor.expectKeywords('THEN');
    height = Math.max(height, parseExpression(cursor));
  } while (cursor.isKeyword('WHEN'));
  if (cursor.acceptKeywords('ELSE')) height = Math.max(height, parseExpression(cursor));
  cursor.expectKeywords('END');
  cursor.caseDepth -= 1;
  return cursor.boundHeight(height + 1);
}

function parseCast(cursor: TokenCursor): number {
  cursor.expectKeywords('CAST');
  cursor.expectSymbol('(');
  let height = parseFunctionParameter(cursor);
  const isType = cursor.acceptKeywords('AS');
  if (!isType) cursor.expectSymbol(',');
  const start = cursor.index;
  if (isType) parseDataType(cursor);
  else height = Math.max(height, parseFunctionParameter(cursor));
  refuseNestedDecimal(cursor, start);
  cursor.expectSymbol(')');
  return cursor.boundHeight(height + 1);
}

function parseQuantifier(cursor: TokenCursor): number {
  cursor.index += 1;
  cursor.expectSymbol('(');
  cursor.expectName();
  cursor.expectSpacedKeyword('IN');
  let height = parseExpression(cursor);
  cursor.expectSpacedKeyword('WHERE');
  height = Math.max(height, parseExpression(cursor));
  cursor.expectSymbol(')');
  return cursor.boundHeight(height + 1);
}

/** EXISTS and COUNT subqueries hold one MATCH and nothing else. */
function parseSubquery(cursor: TokenCursor): number {
  cursor.index += 1;
  cursor.expectSymbol('{');
  cursor.expectKeywords('MATCH');
  cursor.countMatched(parsePattern(cursor));
  const height = parseWhere(cursor);
  parseHint(cursor);
  cursor.expectSymbol('}');
  return cursor.boundHeight(height + 1);
}

/** A parenthesised expression, or a path pattern used as a condition. */
function parseParenthesis(cursor: TokenCursor): number {
  const { index: start, caseDepth } = cursor;
  if (!cursor.notPathPatterns.has(start) && isBeforeStep(cursor)) {
    try {
      parsePathPattern(cursor);
      return 1;
    } catch (error) {
      if (!(error instanceof CypherRefusal) || error.reason !== 'STATEMENT_SYNTAX') throw error;
      cursor.index = start;
      cursor.caseDepth = caseDepth;
      cursor.notPathPatterns.add(start);
    }
  }
  cursor.expectSymbol('(');
  const height = parseExpression(cursor);
  cursor.expectSymbol(')');
  return height;
}

function parseList(cursor: TokenCursor): number {
  cursor.expectSymbol('[');
  if (cursor.acceptSymbol(']')) return 1;
  let height = parseExpression(cursor);
  while (cursor.acceptSymbol(',')) {
    const isEmpty = cursor.isSymbol(',') || cursor.isSymbol(']');
    if (!isEmpty) height = Math.max(height, parseExpression(cursor));
  }
  cursor.expectSymbol(']');
  return cursor.boundHeight(height + 1);
}

function parseStruct(cursor: TokenCursor): number {
  cursor.expectSymbol('{');
  let height = 0;
  do {
    if (cursor.peek()?.kind === 'string') cursor.index += 1;
    else cursor.expectName();
    cursor.expectSymbol(':');
    height = Math.max(height, parseExpression(cursor));
  } while (cursor.acceptSymbol(','));
  cursor.expectSymbol('}');
  return cursor.boundHeight(height + 1);
}
