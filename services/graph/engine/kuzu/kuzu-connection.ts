import type { KuzuValue, PreparedStatement, QueryResult } from 'kuzu';
import { LRUCache } from 'lru-cache';
import { type EngineParameter, shapeOf } from '../../domain/values/text-form.ts';
import { InexactValue } from '../../domain/values/value.ts';
import type { EngineResult, RawRow, ResultColumn } from '../graph-engine.ts';
import { Connection, type Database } from './mend/load-kuzu.ts';

/** Statements that a connection keeps ready. */
const preparedMax = 128;

/** Statements after which a connection is replaced: the engine forgets none until the connection closes. */
const preparesMax = 2_000;

const control = {
  beginRead: 'BEGIN TRANSACTION READ ONLY',
  beginWrite: 'BEGIN TRANSACTION',
  endRead: 'COMMIT',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
  checkpoint: 'CHECKPOINT',
} as const;

export type Control = keyof typeof control;

/** How many results of all connections have not been closed. */
export interface OpenResults {
  count: number;
}

/** One connection. It does one thing at a time; the caller sees to that. */
export class KuzuConnection {
  readonly #connection: Connection;
  readonly #controls: Readonly<Record<Control, PreparedStatement>>;
  readonly #prepared = new LRUCache<string, PreparedStatement>({ max: preparedMax });
  #prepares = 0;
  #openResults = 0;
  #timeoutMs = 0;

  readonly #mayBlock: () => boolean;
  readonly #allOpenResults: OpenResults;

  private constructor(
    connection: Connection,
    controls: Readonly<Record<Control, PreparedStatement>>,
    mayBlock: () => boolean,
    allOpenResults: OpenResults,
  ) {
    this.#connection = connection;
    this.#controls = controls;
    this.#mayBlock = mayBlock;
    this.#allOpenResults = allOpenResults;
  }

  /** `mayBlock` tells whether a commit is under way, for which beginning a transaction would wait. */
  static async open(
    database: Database,
    threads: number,
    mayBlock: () => boolean,
    openResults: OpenResults,
  ): Promise<KuzuConnection> {
    const connection = new Connection(database, threads);
    await connection.init();
    const prepared = Object.entries(control).map(([name, text]) => [name, connection.prepareSync(text)]);
    return new KuzuConnection(connection, Object.fromEntries(prepared), mayBlock, openResults);
  }

  /** True when it should be closed rather than used again. */
  get isWorn(): boolean {
    return this.#prepares >= preparesMax && this.#openResults === 0;
  }

  /** Begins or ends a transaction. */
  async control(name: Control): Promise<void> {
    const statement = this.#controls[name];
    // A few microseconds in this thread, many more by way of another.
    const isShort = name === 'beginRead' || name === 'beginWrite' || name === 'endRead';
    const result =
      isShort && !this.#mayBlock()
        ? this.#connection.executeSync(statement)
        : await this.#connection.execute(statement);
    closeAll(result);
  }

  /**
   * Runs one statement, prepared where values are to be bound; the engine interrupts it after the time. Where
   * `isGuarded`, outside a transaction, the engine itself has to agree that the statement only reads: it is
   * prepared, or runs, within a read-only transaction.
   */
  async run(
    text: string,
    values: Readonly<Record<string, EngineParameter>> | undefined,
    timeoutMs: number,
    isGuarded: boolean,
  ): Promise<EngineResult> {
    this.#limit(timeoutMs);
    const results = await (values
      ? this.#runPrepared(text, values, isGuarded)
      : this.#runOnce(text, isGuarded));
    if (Array.isArray(results)) {
      closeAll(results);
      throw new Error('one statement gave several results');
    }
    this.#openResults += 1;
    this.#allOpenResults.count += 1;
    return new KuzuResult(results, () => {
      this.#openResults -= 1;
      this.#allOpenResults.count -= 1;
    });
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  /** Calls with the tier's limit tell the engine once. */
  #limit(timeoutMs: number): void {
    const ms = Math.max(1, Math.ceil(timeoutMs));
    if (ms === this.#timeoutMs) return;
    this.#timeoutMs = ms;
    this.#connection.setQueryTimeout(ms);
  }

  async #runPrepared(text: string, values: Readonly<Record<string, EngineParameter>>, isGuarded: boolean) {
    const statement = await this.#prepare(text, values, isGuarded);
    return this.#connection.execute(statement, values as Record<string, KuzuValue>);
  }

  async #runOnce(text: string, isGuarded: boolean) {
    if (isGuarded) await this.control('beginRead');
    try {
      return await this.#connection.query(text);
    } finally {
      // A statement that failed has ended the transaction already.
      if (isGuarded) await this.control('endRead').catch(() => {});
    }
  }

  async #prepare(
    text: string,
    values: Readonly<Record<string, EngineParameter>>,
    isGuarded: boolean,
  ): Promise<PreparedStatement> {
    // The engine keeps the types of the first values that a prepared statement was given.
    const key = `${isGuarded} ${shapeOf(values)} ${text}`;
    const known = this.#prepared.get(key);
    if (known) return known;
    this.#prepares += 1;
    if (isGuarded) await this.control('beginRead');
    const statement = await this.#connection.prepare(text);
    // A statement that does not bind has ended the transaction already.
    if (isGuarded) await this.control('endRead').catch(() => {});
    if (!statement.isSuccess()) throw new Error(statement.getErrorMessage());
    this.#prepared.set(key, statement);
    return statement;
  }
}

class KuzuResult implements EngineResult {
  readonly columns: readonly ResultColumn[];
  readonly rowCount: number;
  readonly #result: QueryResult;
  readonly #onClose: () => void;
  #isClosed = false;

  constructor(result: QueryResult, onClose: () => void) {
    this.#result = result;
    this.#onClose = onClose;
    const types = result.getColumnDataTypesSync();
    this.columns = result.getColumnNamesSync().map((name, index) => ({ name, type: types[index] ?? '' }));
    this.rowCount = result.getNumTuples();
  }

  read(rowsMax: number): RawRow[] {
    const rows: RawRow[] = [];
    while (rows.length < rowsMax) {
      const row = this.#next();
      if (!row) break;
      rows.push(row);
    }
    return rows;
  }

  #next(): RawRow | null {
    try {
      return this.#result.getNextSync();
    } catch (error) {
      // The binding cannot carry -2^127; the row is skipped by now.
      if (error instanceof Error && /INT128/.test(error.message)) throw new InexactValue('INT128');
      throw error;
    }
  }

  rewind(): void {
    this.#result.resetIterator();
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#result.close();
    this.#onClose();
  }
}

function closeAll(results: QueryResult | QueryResult[]): void {
  for (const result of Array.isArray(results) ? results : [results]) result.close();
}
