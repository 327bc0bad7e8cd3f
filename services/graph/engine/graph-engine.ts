import type { EngineParameter } from '../domain/values/text-form.ts';

/** Until when a caller waits for work. */
export interface CallLimits {
  /** In milliseconds since the epoch. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal;
}

/** A column of a result as the engine names and types it. */
export interface ResultColumn {
  readonly name: string;
  /** The engine's text of the type, such as `STRUCT(a INT64, b TIMESTAMP[])`. */
  readonly type: string;
}

/** A row as the binding gives it, by column name. */
export type RawRow = Readonly<Record<string, unknown>>;

/** A result, all of it in the engine's memory. It stays readable after its transaction and must be closed. */
export interface EngineResult {
  readonly columns: readonly ResultColumn[];
  readonly rowCount: number;
  /** The next rows, at most so many; none at the end. */
  read(rowsMax: number): RawRow[];
  /** Starts again at the first row. */
  rewind(): void;
  close(): void;
}

/** Where statements run: a writing transaction, which a failed statement ends, or one read after the other. */
export interface EngineTransaction {
  /** Runs one judged statement: prepared, where values are to be bound to it. Throws EngineFailure. */
  run(statement: string, values?: Readonly<Record<string, EngineParameter>>): Promise<EngineResult>;
  /** Lets reads within the work see one state. In a writing transaction they do anyway. */
  snapshot<T>(work: () => Promise<T>): Promise<T>;
  /** Commits since the engine was opened, of the state that the transaction sees. */
  readonly commits: number;
  /** The schema that the transaction began with. */
  readonly schemaVersion: number;
}

/** What the work of a writing transaction wants of it at its end. */
export type Decision<T> =
  | { readonly commit: true; readonly result: T; readonly changesSchema: boolean }
  | { readonly commit: false; readonly result: T };

/** `beside`: readers may be there; `alone`: none; `checkpointed`: none, and the log is emptied before and after. */
export type WriteKind = 'beside' | 'alone' | 'checkpointed';

/** One open graph. Everything that knows the database is behind this. */
export interface GraphEngine {
  /** Counts the commits since the graph was opened. */
  readonly commits: number;
  /** Changes with every commit that changed the schema. */
  readonly schemaVersion: number;
  /** Runs reading work, beside others. Each statement sees the state of its own start. Throws EngineFailure. */
  read<T>(limits: CallLimits, work: (transaction: EngineTransaction) => Promise<T>): Promise<T>;
  /**
   * Runs work in the one writing transaction and commits where the work decides so; `beside` where no kind is named.
   * Throws EngineFailure.
   */
  write<T>(
    limits: CallLimits,
    work: (transaction: EngineTransaction) => Promise<Decision<T>>,
    kind?: WriteKind,
  ): Promise<{ readonly result: T; readonly commits: number }>;
  /** Runs work that copies rows in, with nothing beside it: its commit ends with a checkpoint. Throws EngineFailure. */
  copy<T>(
    limits: CallLimits,
    work: (transaction: EngineTransaction) => Promise<Decision<T>>,
  ): Promise<{ readonly result: T; readonly commits: number }>;
  /** Throws EngineFailure: storage, where there is no room for so many bytes more; 0 asks for none in particular. */
  requireRoom(bytes: number): Promise<void>;
  /** Moves the write-ahead log into the database file, once nothing runs. */
  checkpoint(limits: CallLimits): Promise<void>;
  /** Lets nobody in any more, waits for what runs, checkpoints and closes. Throws EngineFailure at the deadline. */
  close(limits: CallLimits): Promise<void>;
}
