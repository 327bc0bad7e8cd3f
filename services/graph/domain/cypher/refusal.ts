/** Why a statement is refused; part of the API. */
export type RefusalReason =
  /** The construct is outside the allow-list, in any mode. */
  | 'STATEMENT_NOT_ALLOWED'
  /** The engine's grammar has no such sentence, or the text is not valid Unicode. */
  | 'STATEMENT_SYNTAX'
  /** More characters than the limit. */
  | 'STATEMENT_TOO_LONG'
  /** Nested, chained or repeated beyond a structural limit. */
  | 'STATEMENT_TOO_COMPLEX'
  /** Allowed when writing, but the mode is `read`. */
  | 'STATEMENT_WRITES';

/** Carries a refusal out of the tokenizer and the parser; `judgeStatement` turns it into a value. */
export class CypherRefusal extends Error {
  readonly reason: RefusalReason;
  /** What was refused, short and stable enough to show and count. */
  readonly construct: string;
  /** UTF-16 offset into the text that was read. */
  readonly offset: number;

  constructor(reason: RefusalReason, construct: string, offset: number, message: string) {
    super(message);
    this.name = 'CypherRefusal';
    this.reason = reason;
    this.construct = construct;
    this.offset = offset;
  }
}
