import { checkAggregates } from './check-aggregates.ts';
import { parseExpression } from './parse-expression.ts';
import { nameOf } from './token.ts';
import type { TokenCursor } from './token-cursor.ts';

/** Tokens from `start` up to, not including, `end`. */
export interface TokenRange {
  readonly start: number;
  readonly end: number;
}

/** One column of a RETURN or WITH. */
export interface ProjectionItem {
  /** The expression, without `AS alias`. */
  readonly expression: TokenRange;
  /** The alias without backticks, if there is one. */
  readonly alias: string | undefined;
}

/** The body of a RETURN or WITH. */
export interface Projection {
  /** The index of the RETURN or WITH token. */
  readonly keyword: number;
  readonly isDistinct: boolean;
  /** Whether `*` stands first. */
  readonly hasStar: boolean;
  readonly items: readonly ProjectionItem[];
  /** The sort items, without ORDER BY. */
  readonly orderBy: TokenRange | undefined;
  /** The expression after SKIP. */
  readonly skip: TokenRange | undefined;
  /** The expression after LIMIT. */
  readonly limit: TokenRange | undefined;
}

/** oC_ProjectionBody; the cursor stands just after RETURN or WITH. */
export function parseProjection(cursor: TokenCursor): Projection {
  const keyword = cursor.index - 1;
  const isDistinct = cursor.acceptKeywords('DISTINCT');
  cursor.expectSpace();
  const { hasStar, items } = parseProjectionItems(cursor);
  checkAggregates(cursor, items, hasStar);
  const orderBy = cursor.acceptSpacedKeywords('ORDER', 'BY') ? rangeOf(cursor, parseSortItems) : undefined;
  const skip = cursor.acceptSpacedKeyword('SKIP') ? rangeOf(cursor, parseExpression) : undefined;
  const limit = cursor.acceptSpacedKeyword('LIMIT') ? rangeOf(cursor, parseExpression) : undefined;
  return { keyword, isDistinct, hasStar, items, orderBy, skip, limit };
}

/** oC_ProjectionItems: `*` and expressions with their aliases. */
export function parseProjectionItems(cursor: TokenCursor): Pick<Projection, 'hasStar' | 'items'> {
  const items: ProjectionItem[] = [];
  const hasStar = cursor.acceptSymbol('*');
  if (hasStar && !cursor.acceptSymbol(',')) return { hasStar, items };
  do {
    const expression = rangeOf(cursor, parseExpression);
    const alias = cursor.acceptSpacedKeyword('AS') ? nameOf(cursor.expectName()) : undefined;
    items.push({ expression, alias });
  } while (cursor.acceptSymbol(','));
  return { hasStar, items };
}

function parseSortItems(cursor: TokenCursor): void {
  for (;;) {
    parseExpression(cursor);
    for (const direction of ['ASCENDING', 'ASC', 'DESCENDING', 'DESC']) {
      if (cursor.acceptKeywords(direction)) break;
    }
    if (!cursor.isSymbol(',')) return;
    // `ORDER BY a , b` is no sentence of the engine's.
    cursor.expectNoSpace();
    cursor.expectSymbol(',');
  }
}

/** The tokens that a rule takes. */
export function rangeOf(cursor: TokenCursor, parse: (cursor: TokenCursor) => unknown): TokenRange {
  const start = cursor.index;
  parse(cursor);
  return { start, end: cursor.index };
}
