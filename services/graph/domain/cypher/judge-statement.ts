import { toCanonical } from './canonical.ts';
import type { DetachClause } from './detach-clause.ts';
import { type CypherLimits, DEFAULT_CYPHER_LIMITS } from './limits.ts';
import { tableOfAlteredConnection } from './parse-alter-table.ts';
import { type ParsedStatement, parseStatement, type StatementKind } from './parse-statement.ts';
import { type Position, positionAt } from './position.ts';
import { CypherRefusal, type RefusalReason } from './refusal.ts';
import type { Token } from './token.ts';
import { tokenize } from './tokenize.ts';

/** Whether the call may change the graph. */
export type StatementMode = 'read' | 'write';

/** A statement that may run, in the only form in which it may. */
export interface AcceptedStatement {
  readonly ok: true;
  /** The text to send to the engine. */
  readonly canonical: string;
  /** The tokens of `canonical`; their offsets point into the text as received. */
  readonly tokens: readonly Token[];
  readonly kind: StatementKind;
  readonly writes: boolean;
  /** Whether the graph may be larger after it: it does more than delete and drop. */
  readonly mayGrow: boolean;
  /** Whether it changes or deletes rows that are there: no reader may be beside it. */
  readonly changesRows: boolean;
  /** Where it deletes nodes with their relationships, which is not left to the engine. */
  readonly detach: DetachClause | undefined;
  readonly isSchemaChange: boolean;
  /** The table to which the statement adds, or from which it drops, a connection; it must be one of relationships. */
  readonly alteredConnectionOf: string | undefined;
  /** Whether rows come back. */
  readonly returnsRows: boolean;
  /** Names of the parameters, without `$`. The engine wants a value for each and for nothing else. */
  readonly parameters: ReadonlySet<string>;
}

/** A statement that may not run. */
export interface RefusedStatement extends Position {
  readonly ok: false;
  readonly reason: RefusalReason;
  /** What was refused, such as `COPY` or `function current_setting`. */
  readonly construct: string;
  /** One sentence for the caller; quotes at most 40 characters of the statement. */
  readonly message: string;
}

export type Verdict = AcceptedStatement | RefusedStatement;

/** Decides whether one statement may run in a mode, by allow-list. Never throws for any text. */
export function judgeStatement(
  statement: string,
  mode: StatementMode,
  limits: CypherLimits = DEFAULT_CYPHER_LIMITS,
): Verdict {
  try {
    const parsed = parseStatement(tokenize(statement, limits), limits);
    if (mode === 'read' && parsed.firstWrite !== undefined) {
      const { construct, offset } = parsed.firstWrite;
      throw new CypherRefusal(
        'STATEMENT_WRITES',
        construct,
        offset,
        `${construct} writes and this call only reads`,
      );
    }
    return accept(parsed);
  } catch (error) {
    if (!(error instanceof CypherRefusal)) throw error;
    const { reason, construct, message } = error;
    return { ok: false, reason, construct, message, ...positionAt(statement, error.offset) };
  }
}

function accept(parsed: ParsedStatement): AcceptedStatement {
  const { tokens, kind, parameters, firstWrite, mayGrow, changesRows, detach, branches } = parsed;
  return {
    ok: true,
    canonical: toCanonical(tokens),
    tokens,
    kind,
    writes: firstWrite !== undefined,
    mayGrow,
    changesRows,
    detach,
    isSchemaChange: kind !== 'query',
    alteredConnectionOf: kind === 'alter-table' ? tableOfAlteredConnection(tokens) : undefined,
    returnsRows: branches.some((branch) => branch !== undefined),
    parameters,
  };
}
