import type { RefusedStatement } from '../domain/cypher/judge-statement.ts';

/** A statement that the gate refused. */
export class StatementRefused extends Error {
  override readonly name = 'StatementRefused';
  readonly refusal: RefusedStatement;
  readonly charactersMax: number;

  constructor(refusal: RefusedStatement, charactersMax: number) {
    super(refusal.message);
    this.refusal = refusal;
    this.charactersMax = charactersMax;
  }
}
