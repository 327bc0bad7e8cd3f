import { checkDetach } from './check-detach.ts';
import type { DetachClause } from './detach-clause.ts';
import type { CypherLimits } from './limits.ts';
import type { Projection } from './parse-projection.ts';
import { parseQuery } from './parse-query.ts';
import { parseSchemaStatement, type SchemaStatementKind } from './parse-schema-statement.ts';
import { screenTokens } from './screen-tokens.ts';
import type { Token } from './token.ts';
import { notAllowed, TokenCursor, type Write } from './token-cursor.ts';

/** What a statement is. */
export type StatementKind = 'query' | SchemaStatementKind;

/** What the gate learned of one statement. */
export interface ParsedStatement {
  readonly kind: StatementKind;
  /** The statement's tokens, without a trailing semicolon. */
  readonly tokens: readonly Token[];
  readonly parameters: ReadonlySet<string>;
  readonly firstWrite: Write | undefined;
  /** Whether the graph may be larger after it: it does more than delete and drop. */
  readonly mayGrow: boolean;
  /** Whether it changes or deletes rows that are there. */
  readonly changesRows: boolean;
  /** Where it deletes nodes with their relationships. */
  readonly detach: DetachClause | undefined;
  /** The final RETURN of each UNION branch; none for schema statements. */
  readonly branches: readonly (Projection | undefined)[];
}

/** Recognises exactly one statement of the allow-list; throws CypherRefusal otherwise. */
export function parseStatement(tokens: readonly Token[], limits: CypherLimits): ParsedStatement {
  const cursor = new TokenCursor(tokens, limits);
  if (cursor.isAtEnd()) throw cursor.unexpected('a statement');
  screenTokens(tokens);
  const schemaKind = parseSchemaStatement(cursor);
  const branches = schemaKind === undefined ? parseQuery(cursor) : [];
  const end = cursor.index;
  const hasSemicolon = cursor.acceptSymbol(';');
  const next = cursor.peek();
  if (next !== undefined) {
    throw hasSemicolon
      ? notAllowed('several statements', next)
      : cursor.unexpected('the end of the statement');
  }
  checkDetach(cursor, branches);
  const { parameters, firstWrite, mayGrow, changesRows, detach } = cursor;
  return {
    kind: schemaKind ?? 'query',
    tokens: tokens.slice(0, end),
    parameters,
    firstWrite,
    mayGrow,
    changesRows,
    detach,
    branches,
  };
}
