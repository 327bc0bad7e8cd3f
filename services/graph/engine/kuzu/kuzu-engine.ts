import { stat } from 'node:fs/promises';
import { Database } from 'kuzu';
import { EngineFailure } from '../engine-failure.ts';
import { EngineGate } from '../engine-gate.ts';
import type { CallLimits, Decision, EngineTransaction, GraphEngine } from '../graph-engine.ts';
import { ConnectionPool } from './connection-pool.ts';
import { KuzuConnection } from './kuzu-connection.ts';
import { isCheckpointFailure, toEngineFailure } from './kuzu-failure.ts';
import { KuzuTransaction } from './kuzu-transaction.ts';

/** How a database is opened. */
export interface KuzuEngineOptions {
  readonly databasePath: string;
  readonly bufferPoolBytes: number;
  /** Statements that run at a time; each takes a thread of the process's own pool. */
  readonly connectionsMax: number;
  readonly threadsPerStatement: number;
  readonly readsWaitingMax: number;
  readonly writesWaitingMax: number;
  /** The log's size from which on a checkpoint runs as soon as nothing else does. */
  readonly checkpointBytes: number;
  /** How long a statement may go on after its deadline before onBroken is called. */
  readonly stuckMs: number;
  /** Something is wrong that only a new process mends. */
  readonly onBroken: (why: string) => void;
}

/** Address space, not a quota. A power of two, as the engine wants. */
const databaseBytesMax = 2 ** 40;

const readKind = { isAutomatic: true, canTimeOut: true };

const never = new AbortController().signal;

/** A graph in Kuzu 0.11.3. The hazards that it works around are listed in the README of this service. */
export class KuzuEngine implements GraphEngine {
  readonly #database: Database;
  readonly #options: KuzuEngineOptions;
  readonly #gate: EngineGate;
  readonly #pool: ConnectionPool;
  #commits = 0;
  #schemaVersion = 0;
  #endsUnderWay = 0;
  #isClosing = false;

  private constructor(database: Database, options: KuzuEngineOptions) {
    this.#database = database;
    this.#options = options;
    this.#gate = new EngineGate(options);
    const mayBlock = () => this.#endsUnderWay > 0;
    const open = () => KuzuConnection.open(database, options.threadsPerStatement, mayBlock);
    this.#pool = new ConnectionPool(open, options.connectionsMax, options.readsWaitingMax);
  }

  /** Opens the file, creating it where there is none, and replays its log. */
  static async open(options: KuzuEngineOptions): Promise<KuzuEngine> {
    const { databasePath, bufferPoolBytes } = options;
    const database = new Database(databasePath, bufferPoolBytes, true, false, databaseBytesMax, false, -1);
    await database.init();
    const engine = new KuzuEngine(database, options);
    await engine.read({ deadlineMs: Date.now() + 60_000, signal: never }, async (transaction) => {
      (await transaction.run('CALL db_version() RETURN version')).close();
    });
    return engine;
  }

  get commits(): number {
    return this.#commits;
  }

  get schemaVersion(): number {
    return this.#schemaVersion;
  }

  async read<T>(limits: CallLimits, work: (transaction: EngineTransaction) => Promise<T>): Promise<T> {
    const { leave, connection } = this.#tryEnterRead() ?? (await this.#enter('read', limits));
    const transaction = new KuzuTransaction(connection, limits, this, readKind);
    try {
      return await work(transaction);
    } finally {
      const giving = transaction.isSettled ? this.#pool.give(connection) : undefined;
      if (giving || !transaction.isSettled) {
        void (giving ?? this.#end(connection, transaction, undefined, limits)).finally(leave);
      } else {
        leave();
      }
    }
  }

  write<T>(limits: CallLimits, work: (transaction: EngineTransaction) => Promise<Decision<T>>) {
    return this.#write('write', limits, work);
  }

  async writeAlone<T>(limits: CallLimits, work: (transaction: EngineTransaction) => Promise<Decision<T>>) {
    return this.#write('alone', limits, work);
  }

  async checkpoint(limits: CallLimits): Promise<void> {
    await this.#checkpoint(await this.#gate.enter('alone', limits));
  }

  async close(limits: CallLimits): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    // Never given back: nobody comes in any more.
    await this.#gate.enter('alone', limits);
    await this.#checkpoint(() => {});
    await this.#pool.close();
    await this.#database.close();
  }

  async #write<T>(
    lane: 'write' | 'alone',
    limits: CallLimits,
    work: (transaction: EngineTransaction) => Promise<Decision<T>>,
  ): Promise<{ readonly result: T; readonly commits: number }> {
    const { leave, connection } = await this.#enter(lane, limits);
    // Interrupting a copy would roll it back, which the engine does not survive.
    const kind = { isAutomatic: false, canTimeOut: lane === 'write' };
    const transaction = new KuzuTransaction(connection, limits, this, kind);
    let isOver = false;
    try {
      await connection.control('beginWrite');
      const decision = await work(transaction);
      if (!decision.commit || transaction.hasFailed)
        return { result: decision.result, commits: this.#commits };
      isOver = true;
      await this.#commit(connection);
      this.#commits += 1;
      if (decision.changesSchema) this.#schemaVersion += 1;
      return { result: decision.result, commits: this.#commits };
    } catch (error) {
      throw error instanceof Error && error.constructor === Error ? toEngineFailure(error) : error;
    } finally {
      void this.#end(connection, transaction, isOver ? undefined : 'rollback', limits).finally(() => {
        leave();
        void this.#checkpointIfDue();
      });
    }
  }

  /** The way of nearly all reads: nobody is before them. */
  #tryEnterRead() {
    if (this.#isClosing) return undefined;
    const connection = this.#pool.tryTake();
    if (!connection) return undefined;
    const leave = this.#gate.tryEnter('read');
    if (leave) return { leave, connection };
    void this.#pool.give(connection);
    return undefined;
  }

  async #enter(lane: 'read' | 'write' | 'alone', limits: CallLimits) {
    const leave = await this.#gate.enter(lane, limits);
    try {
      if (this.#isClosing) throw new EngineFailure('closed', 'the graph is being closed');
      return { leave, connection: await this.#pool.take(limits) };
    } catch (error) {
      leave();
      throw toEngineFailure(error);
    }
  }

  /** The write is on disk when this resolves. */
  async #commit(connection: KuzuConnection): Promise<void> {
    this.#endsUnderWay += 1;
    try {
      await connection.control('commit');
    } catch (error) {
      if (isCheckpointFailure(error)) return;
      const failure = toEngineFailure(error);
      if (failure.facts.constraint) throw failure;
      throw new EngineFailure(
        'unknown',
        'the commit failed; the write may or may not have happened',
        {},
        error,
      );
    } finally {
      this.#endsUnderWay -= 1;
    }
  }

  /** Waits for what still runs, ends the transaction and gives the connection back. */
  async #end(
    connection: KuzuConnection,
    transaction: KuzuTransaction,
    how: 'rollback' | undefined,
    { deadlineMs }: CallLimits,
  ): Promise<void> {
    const stuckMs = Math.min(2 ** 31 - 1, Math.max(0, deadlineMs - Date.now()) + this.#options.stuckMs);
    const stuck = setTimeout(
      () => this.#options.onBroken('a statement did not stop at its deadline'),
      stuckMs,
    );
    await transaction.settled;
    clearTimeout(stuck);
    if (how === 'rollback' && transaction.hasCopied) {
      this.#options.onBroken('a copy was rolled back');
      return;
    }
    if (how) {
      this.#endsUnderWay += 1;
      // A statement that failed has rolled back already; then this says that there is no transaction.
      await connection.control(how).catch(() => {});
      this.#endsUnderWay -= 1;
    }
    await this.#pool.give(connection);
  }

  async #checkpointIfDue(): Promise<void> {
    const log = await stat(`${this.#options.databasePath}.wal`).catch(() => undefined);
    if (!log || log.size < this.#options.checkpointBytes || this.#isClosing) return;
    const leave = this.#gate.tryEnterAlone();
    if (leave) await this.#checkpoint(leave);
  }

  async #checkpoint(leave: () => void): Promise<void> {
    try {
      const connection = await this.#pool.take({ deadlineMs: Date.now() + 60_000, signal: never });
      await connection.control('checkpoint').catch(() => {});
      await this.#pool.give(connection);
    } finally {
      leave();
    }
  }
}
