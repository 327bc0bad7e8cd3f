/** What a statement is expected to give. */
export type Expectation =
  | { readonly kind: 'ok' }
  | { readonly kind: 'error'; readonly message: string }
  | { readonly kind: 'error-pattern'; readonly pattern: string }
  /** MD5 of the tuples' lines. */
  | { readonly kind: 'hash'; readonly md5: string }
  | { readonly kind: 'tuples'; readonly lines: readonly string[] }
  /** A file of `test/answers` with a tuple per line. */
  | { readonly kind: 'answers'; readonly file: string };

/** A statement and how its result is compared. */
export interface StatementStep {
  readonly kind: 'statement';
  /** From 1. */
  readonly line: number;
  readonly statement: string;
  /** A file of `test/statements` with a statement per line, instead of `statement`. */
  readonly batchFile?: string;
  /** One per result; several statements in one text have several. */
  readonly expectations: readonly Expectation[];
  readonly checkOrder: boolean;
  readonly checkPrecision: boolean;
  readonly checkColumnNames: boolean;
}

/** Something that the engine's runner does itself, such as RELOADDB. */
export interface RunnerStep {
  readonly kind: 'runner';
  readonly line: number;
  readonly directive: string;
  readonly parameters: readonly string[];
}

export type Step = StatementStep | RunnerStep;

/** A series of steps on a database of its own. */
export interface TestCase {
  readonly name: string;
  /** The directive that disables it, if one does. */
  readonly disabledBy: string | undefined;
  readonly steps: readonly Step[];
}

/** A `.test` file of the engine. */
export interface TestFile {
  /** CSV, PARQUET, NPY, KUZU, JSON or TTL. */
  readonly datasetType: string;
  /** A folder of `dataset`, or `empty`. */
  readonly dataset: string;
  readonly cases: readonly TestCase[];
  /** Directives that this parser does not know, with their number. */
  readonly unknown: ReadonlyMap<string, number>;
}
