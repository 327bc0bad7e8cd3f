/** Bounds on one statement. All are checked before the engine sees a byte. */
export interface CypherLimits {
  /** UTF-16 code units of the text as received. */
  readonly statementCharsMax: number;
  /** Brackets of any kind open at once. */
  readonly nestingDepthMax: number;
  /** CASE inside CASE: the engine's parser takes exponential time (20 levels: 6 s, tried on 0.11.3). */
  readonly caseDepthMax: number;
  /** Height of one expression tree: 10,000 chained `+` overflow the engine's stack (tried on 0.11.3). */
  readonly expressionHeightMax: number;
  /** Relationships matched between two WITHs: planning a star of 25 takes 5 s that no timeout covers (tried on 0.11.3). */
  readonly relationshipsMax: number;
  /** Values in the fixed arrays of one type: with 10,000,000 a graph takes 6 s to open, with 1,000,000,000 it does not (tried on 0.11.3). */
  readonly arrayValuesMax: number;
  /** Clauses in one statement, UNION branches included. */
  readonly clausesMax: number;
}

/** Structural bounds proven on the engine; only the length depends on the tier. */
export const DEFAULT_CYPHER_LIMITS: CypherLimits = {
  statementCharsMax: 100_000,
  nestingDepthMax: 64,
  caseDepthMax: 8,
  expressionHeightMax: 500,
  relationshipsMax: 16,
  arrayValuesMax: 65_536,
  clausesMax: 200,
};
