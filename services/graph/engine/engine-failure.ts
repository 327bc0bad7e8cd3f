/** Why the engine did not do what it was asked. */
export type EngineFailureKind =
  /** The statement does not parse or bind. */
  | 'invalid'
  /** The statement failed on the data. */
  | 'failed'
  /** The deadline passed. */
  | 'timeout'
  /** The caller gave up. */
  | 'cancelled'
  /** Too many calls wait already. */
  | 'busy'
  /** The graph has as much on disk as it may, or the disk is full; nothing was written. */
  | 'storage'
  /** The buffer pool is full. */
  | 'memory'
  /** A commit failed; its transaction may or may not have happened. */
  | 'unknown'
  /** The engine is closing or not to be trusted any more. */
  | 'closed';

/** A failure of the engine, its text free of paths and of other lines than the statement's own. */
export class EngineFailure extends Error {
  override readonly name = 'EngineFailure';
  readonly kind: EngineFailureKind;
  /** Facts for the caller: line and column, or the constraint that was broken. */
  readonly facts: Readonly<Record<string, string>>;

  constructor(
    kind: EngineFailureKind,
    message: string,
    facts: Readonly<Record<string, string>> = {},
    cause?: unknown,
  ) {
    super(message, { cause });
    this.kind = kind;
    this.facts = facts;
  }
}
