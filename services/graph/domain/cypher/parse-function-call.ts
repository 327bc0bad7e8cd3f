import { AGGREGATE_FUNCTIONS } from './callable-functions.ts';
import { checkArguments } from './check-arguments.ts';
import { parseExpression } from './parse-expression.ts';
import { foldedNameOf } from './token.ts';
import type { TokenCursor } from './token-cursor.ts';

/** oC_FunctionInvocation, CAST aside: a name from the allow-list and its arguments. */
export function parseFunctionCall(cursor: TokenCursor): number {
  const start = cursor.index;
  const name = cursor.peek();
  const isCount = cursor.isKeyword('COUNT');
  cursor.expectCallableFunction();
  const isDistinct = cursor.isKeyword('DISTINCT', 1);
  const starts: number[] = [];
  const height = parseCall(cursor, isCount, starts);
  if (name === undefined) return height;
  checkArguments(cursor, name, starts);
  if (AGGREGATE_FUNCTIONS.has(foldedNameOf(name))) {
    cursor.aggregates.set(start, { start, end: cursor.index, isDistinct });
  }
  return height;
}

function parseCall(cursor: TokenCursor, isCount: boolean, starts: number[]): number {
  if (isCount && cursor.isSymbol('*', 1)) {
    cursor.expectSymbol('(');
    cursor.expectSymbol('*');
    cursor.expectSymbol(')');
    return 1;
  }
  return cursor.boundHeight(parseArguments(cursor, starts) + 1);
}

/** The parenthesised arguments of a function or table function. Adds to `starts` at which token each begins. */
export function parseArguments(cursor: TokenCursor, starts: number[] = []): number {
  cursor.expectSymbol('(');
  cursor.acceptKeywords('DISTINCT');
  let height = 0;
  if (!cursor.isSymbol(')')) {
    do {
      starts.push(cursor.index);
      height = Math.max(height, parseFunctionParameter(cursor));
    } while (cursor.acceptSymbol(','));
  }
  cursor.expectSymbol(')');
  return height;
}

/** kU_FunctionParameter: a lambda, `name := expression` or an expression. */
export function parseFunctionParameter(cursor: TokenCursor): number {
  if (isLambda(cursor)) {
    parseLambdaVariables(cursor);
    cursor.expectSymbol('-');
    cursor.expectNoSpace();
    cursor.expectSymbol('>');
  } else if (cursor.isName() && cursor.isSymbol(':', 1) && cursor.isSymbol('=', 2)) {
    cursor.index += 2;
    cursor.expectNoSpace();
    cursor.expectSymbol('=');
  }
  return parseExpression(cursor);
}

// No expression holds `- >`, so an arrow after the first name or parenthesis decides.
function isLambda(cursor: TokenCursor): boolean {
  if (cursor.isName()) return cursor.isSymbol('-', 1) && cursor.isSymbol('>', 2);
  if (!cursor.isSymbol('(')) return false;
  const closing = cursor.closingIndexOf(cursor.index);
  if (closing === undefined) return false;
  const ahead = closing - cursor.index;
  return cursor.isSymbol('-', ahead + 1) && cursor.isSymbol('>', ahead + 2);
}

function parseLambdaVariables(cursor: TokenCursor): void {
  if (!cursor.acceptSymbol('(')) {
    cursor.expectName();
    return;
  }
  do cursor.expectName();
  while (cursor.acceptSymbol(','));
  cursor.expectSymbol(')');
}
