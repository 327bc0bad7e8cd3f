import { hasAggregate } from './check-aggregates.ts';
import { parseExpression } from './parse-expression.ts';
import { parseArguments } from './parse-function-call.ts';
import { parseHint, parseWhere } from './parse-match-end.ts';
import { parsePattern } from './parse-pattern.ts';
import { type Projection, parseProjection } from './parse-projection.ts';
import { parseUpdatingClause } from './parse-updating-clause.ts';
import { notAllowed, type TokenCursor } from './token-cursor.ts';

/** oC_RegularQuery. Yields the final RETURN of each UNION branch; a branch that only writes has none. */
export function parseQuery(cursor: TokenCursor): (Projection | undefined)[] {
  const branches = [parseSingleQuery(cursor)];
  while (cursor.acceptKeywords('UNION')) {
    cursor.acceptKeywords('ALL');
    branches.push(parseSingleQuery(cursor));
  }
  return branches;
}

/** oC_SingleQuery: parts that end in WITH, then one that ends in RETURN or in a write. */
function parseSingleQuery(cursor: TokenCursor): Projection | undefined {
  let hasWritten = false;
  let hasRows = false;
  cursor.startQueryPart();
  for (;;) {
    cursor.countClause();
    if (cursor.acceptKeywords('RETURN')) return parseProjection(cursor);
    if (cursor.acceptKeywords('WITH')) {
      const { items } = parseProjection(cursor);
      hasRows ||= items.some(({ expression }) => hasAggregate(cursor, expression));
      const where = cursor.peek();
      // `WITH 1 AS x WHERE x > 0 RETURN x` ends the engine's process (tried on 0.11.3).
      if (where && cursor.isKeyword('WHERE') && !hasRows) {
        throw notAllowed('WITH … WHERE before any MATCH, UNWIND or CALL', where);
      }
      parseWhere(cursor);
      cursor.startQueryPart();
      hasWritten = false;
    } else if (parseUpdatingClause(cursor)) {
      hasWritten = true;
      hasRows = true;
    } else if (hasWritten || !parseReadingClause(cursor)) {
      if (hasWritten) return undefined;
      throw cursor.unexpected('a clause');
    } else {
      hasRows = true;
    }
  }
}

function parseReadingClause(cursor: TokenCursor): boolean {
  const isOptional = cursor.acceptKeywords('OPTIONAL');
  if (cursor.acceptKeywords('MATCH')) {
    cursor.countMatched(parsePattern(cursor));
    if (cursor.isKeyword('WHERE')) cursor.expectSpace();
    parseWhere(cursor);
    if (cursor.isKeyword('HINT')) cursor.expectSpace();
    parseHint(cursor);
    return true;
  }
  if (isOptional) throw cursor.unexpected('MATCH');
  if (cursor.acceptKeywords('UNWIND')) {
    parseExpression(cursor);
    cursor.expectSpacedKeyword('AS');
    cursor.expectName();
    return true;
  }
  const token = cursor.peek();
  if (token !== undefined && cursor.isKeyword('LOAD')) throw notAllowed('LOAD', token);
  return parseTableFunctionCall(cursor);
}

/** kU_InQueryCall. Its standalone form, without RETURN, ends in the caller as a missing clause. */
function parseTableFunctionCall(cursor: TokenCursor): boolean {
  const call = cursor.peek();
  if (call === undefined || !cursor.acceptKeywords('CALL')) return false;
  cursor.expectSpace();
  if (cursor.isName() && cursor.isSymbol('=', 1)) throw notAllowed('CALL setting', call);
  if (cursor.isKeyword('CAST')) throw notAllowed('CALL CAST', call);
  cursor.expectCallableTableFunction();
  parseArguments(cursor);
  if (cursor.isAtEnd() || cursor.isSymbol(';')) throw notAllowed('standalone CALL', call);
  parseWhere(cursor);
  if (!cursor.acceptKeywords('YIELD')) return true;
  cursor.expectSpace();
  do {
    cursor.expectName();
    if (cursor.acceptSpacedKeyword('AS')) cursor.expectName();
  } while (cursor.acceptSymbol(','));
  return true;
}
