import { onOver } from '../call-watch.ts';
import { EngineFailure } from '../engine-failure.ts';
import { EngineGate, type Lane, overFailure, type Release } from '../engine-gate.ts';
import type { CallLimits, Decision, EngineTransaction, GraphEngine, WriteKind } from '../graph-engine.ts';
import { MemoryTurnstile } from '../memory-turnstile.ts';
import { AbandonedWork } from './abandoned-work.ts';
import { CheckpointGuard } from './checkpoint-guard.ts';
import { ConnectionPool } from './connection-pool.ts';
import { KuzuConnection, type OpenResults } from './kuzu-connection.ts';
import { isCheckpointFailure, isCheckpointTimeout, isNotWritten, toEngineFailure } from './kuzu-failure.ts';
import { KuzuTransaction } from './kuzu-transaction.ts';
import { Database } from './mend/load-kuzu.ts';
import { hasLeftRelationships, type RelationshipChanges, renewRelationships } from './renew-relationships.ts';
import { type StorageBounds, StorageWatch } from './storage-watch.ts';

/** How a database is opened. */
export interface KuzuEngineOptions extends StorageBounds {
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
  /** How long a statement may go on whose caller left, where it is in the way of others or nobody else is there. */
  readonly abandonedMs: number;
  /** True while the process is short of memory. */
  readonly isTight: () => boolean;
  /** True while nobody waits for an answer of this process. */
  readonly isQuiet: () => boolean;
  /** Something is wrong that only a new process mends. */
  readonly onBroken: (why: string) => void;
}

/** Address space, not a quota. A power of two, as the engine wants. */
const databaseBytesMax = 2 ** 40;

const readKind = { isAutomatic: true, canTimeOut: true };

/** Replaying the log takes time at the next opening. */
const logBytesMax = 256 * 2 ** 20;

/** The engine's own size of a page. */
const pageBytes = 4_096;

const never = new AbortController().signal;

const endless = { deadlineMs: Number.POSITIVE_INFINITY, signal: never };

const noChanges: RelationshipChanges = { hasDeleted: false, hasUpdated: false };

/** A graph in Kuzu 0.11.3. The hazards that it works around are listed in the README of this service. */
export class KuzuEngine implements GraphEngine {
  readonly #database: Database;
  readonly #options: KuzuEngineOptions;
  readonly #gate: EngineGate;
  readonly #turnstile: MemoryTurnstile;
  readonly #openResults: OpenResults = { count: 0 };
  /** Those that have a connection. */
  readonly #transactions = new Set<KuzuTransaction>();
  readonly #pool: ConnectionPool;
  readonly #storage: StorageWatch;
  readonly #guard: CheckpointGuard;
  readonly #abandoned: AbandonedWork<Lane>;
  #commits = 0;
  #schemaVersion = 0;
  #changes = noChanges;
  #endsUnderWay = 0;
  #isClosing = false;
  #isBroken = false;

  private constructor(database: Database, guard: CheckpointGuard, options: KuzuEngineOptions) {
    this.#database = database;
    this.#options = options;
    this.#guard = guard;
    this.#gate = new EngineGate(options);
    this.#turnstile = new MemoryTurnstile({
      waitingMax: options.readsWaitingMax,
      isTight: options.isTight,
      openResults: () => this.#openResults.count,
    });
    this.#storage = new StorageWatch(options.databasePath, options);
    this.#abandoned = new AbandonedWork({
      graceMs: options.abandonedMs,
      mustEnd: (lane) =>
        options.isQuiet() ||
        this.#pool.isWaitedFor ||
        this.#turnstile.isWaitedFor ||
        this.#gate.isWaitedFor(lane),
      onMustEnd: () => this.#break('a statement went on that nobody waits for'),
    });
    const mayBlock = () => this.#endsUnderWay > 0;
    const { threadsPerStatement } = options;
    const open = () => KuzuConnection.open(database, threadsPerStatement, mayBlock, this.#openResults);
    this.#pool = new ConnectionPool(open, options.connectionsMax, options.readsWaitingMax);
  }

  /** Opens the file, creating it where there is none, and replays its log. */
  static async open(options: KuzuEngineOptions): Promise<KuzuEngine> {
    const { databasePath, bufferPoolBytes } = options;
    const guard = new CheckpointGuard(databasePath);
    await guard.recover();
    const database = new Database(databasePath, bufferPoolBytes, true, false, databaseBytesMax, false, -1);
    await database.init();
    const engine = new KuzuEngine(database, guard, options);
    await engine.read({ deadlineMs: Date.now() + 60_000, signal: never }, async (transaction) => {
      (await transaction.run('CALL db_version() RETURN version')).close();
    });
    await engine.#measureStorage();
    // What was replayed is as it was before its checkpoint.
    const hasReplayed = engine.#storage.logBytes > 0;
    engine.#changes = { hasDeleted: hasReplayed, hasUpdated: hasReplayed };
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
    this.#transactions.add(transaction);
    try {
      return await work(transaction);
    } finally {
      this.#transactions.delete(transaction);
      if (transaction.isLeft) this.#abandoned.follow('read', transaction.settled);
      const giving = transaction.isSettled ? this.#pool.give(connection) : undefined;
      if (giving || !transaction.isSettled) {
        void (giving ?? this.#end(connection, transaction, undefined, limits)).finally(leave);
      } else {
        leave();
      }
    }
  }

  write<T>(
    limits: CallLimits,
    work: (transaction: EngineTransaction) => Promise<Decision<T>>,
    kind: WriteKind = 'beside',
  ) {
    return this.#write(kind, limits, work);
  }

  copy<T>(limits: CallLimits, work: (transaction: EngineTransaction) => Promise<Decision<T>>) {
    return this.#write('copy', limits, work);
  }

  requireRoom(bytes: number): Promise<void> {
    return this.#storage.require(bytes);
  }

  /** The process has more memory than it may. Where one statement runs alone, its caller hears that it was that. */
  breakForMemory(): void {
    const [only, ...others] = this.#transactions;
    if (others.length === 0) {
      only?.fail(new EngineFailure('memory', 'the statement takes more memory than the graph has'));
    }
    this.#break('it took more memory than it has');
  }

  async checkpoint(limits: CallLimits): Promise<void> {
    await this.#checkpoint(await this.#gate.enter('alone', limits));
  }

  async close(limits: CallLimits): Promise<void> {
    if (this.#isClosing) return;
    this.#isClosing = true;
    // Never given back: nobody comes in any more.
    await this.#gate.enter('alone', limits);
    // Closing would try once more to move the log into the file; where that failed, the log is what has everything.
    if (!(await this.#checkpoint(() => {}))) throw notEmptiedFailure();
    await this.#pool.close();
    await this.#database.close();
  }

  async #write<T>(
    kind: WriteKind | 'copy',
    limits: CallLimits,
    work: (transaction: EngineTransaction) => Promise<Decision<T>>,
  ): Promise<{ readonly result: T; readonly commits: number }> {
    const lane = kind === 'beside' ? 'write' : 'alone';
    const { leave, connection } = await this.#enter(lane, limits);
    // Interrupting a copy would roll it back, which the engine does not survive.
    const transactionKind = { isAutomatic: false, canTimeOut: kind !== 'copy' };
    const transaction = new KuzuTransaction(connection, limits, this, transactionKind);
    this.#transactions.add(transaction);
    let isOver = false;
    try {
      // Both end with a checkpoint.
      if (kind === 'copy') await this.#renewRelationships(connection);
      if (kind === 'checkpointed' && !(await this.#emptyLog(connection))) {
        throw this.#isBroken ? replacedFailure() : notEmptiedFailure();
      }
      await connection.control('beginWrite');
      const decision = await work(transaction);
      if (!decision.commit || transaction.hasFailed)
        return { result: decision.result, commits: this.#commits };
      // With a checkpoint it is whole, or undone with all that it logged.
      const isGuarded = kind === 'copy' || kind === 'checkpointed';
      if (isGuarded) await this.#guard.begin();
      isOver = true;
      await this.#commit(connection, transaction);
      if (kind === 'checkpointed') await this.#checkpointCommit(connection);
      if (isGuarded && !this.#isBroken) {
        await this.#guard.end();
        if (kind === 'checkpointed' || transaction.hasCopied) await this.#settleChanges(connection);
      }
      this.#commits += 1;
      if (decision.changesSchema) this.#schemaVersion += 1;
      return { result: decision.result, commits: this.#commits };
    } catch (error) {
      throw error instanceof Error && error.constructor === Error ? toEngineFailure(error) : error;
    } finally {
      this.#transactions.delete(transaction);
      if (transaction.isLeft) this.#abandoned.follow(lane, transaction.settled);
      void this.#end(connection, transaction, isOver ? undefined : 'rollback', limits).finally(() => {
        leave();
        void this.#checkpointIfDue();
      });
    }
  }

  /** The way of nearly all reads: nobody is before them. */
  #tryEnterRead() {
    if (this.#isClosing || this.#isBroken || !this.#turnstile.tryEnter()) return undefined;
    const connection = this.#pool.tryTake();
    const leave = connection && this.#gate.tryEnter('read');
    if (leave) return { leave: this.#withTurnstile(leave), connection };
    if (connection) void this.#pool.give(connection);
    this.#turnstile.leave();
    return undefined;
  }

  async #enter(lane: Lane, limits: CallLimits) {
    if (this.#isBroken) await endOf(lane, limits);
    let leave = await this.#gate.enter(lane, limits);
    try {
      await this.#turnstile.enter(lane, limits);
      leave = this.#withTurnstile(leave);
      if (this.#isBroken) await endOf(lane, limits);
      if (this.#isClosing) throw new EngineFailure('closed', 'the graph is being closed');
      return { leave, connection: await this.#pool.take(limits) };
    } catch (error) {
      leave();
      throw toEngineFailure(error);
    }
  }

  #withTurnstile(leave: Release): Release {
    return () => {
      this.#turnstile.leave();
      leave();
    };
  }

  /** The write is on disk when this resolves. */
  async #commit(connection: KuzuConnection, transaction: KuzuTransaction): Promise<void> {
    const { hasCopied, hasDeleted, hasUpdated } = transaction;
    this.#endsUnderWay += 1;
    const { hasDeleted: hadDeleted, hasUpdated: hadUpdated } = this.#changes;
    this.#changes = { hasDeleted: hadDeleted || hasDeleted, hasUpdated: hadUpdated || hasUpdated };
    try {
      await connection.control('commit');
    } catch (error) {
      const failure = toEngineFailure(error);
      if (failure.facts.constraint) throw failure;
      const isLogged = isCheckpointFailure(error);
      if (!isLogged || hasCopied || !isCheckpointTimeout(error)) {
        // What comes after half a record in the log is lost, however it was answered.
        this.#break(isLogged ? 'a checkpoint failed' : 'a commit failed');
      }
      // Copied rows are in no log.
      if (isLogged && !hasCopied) return;
      // The last thing that is written is what makes it a commit.
      if (!isLogged && isNotWritten(error)) throw failure;
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

  /** Nothing else is under way. Where it fails the next process undoes the commit. */
  async #checkpointCommit(connection: KuzuConnection): Promise<void> {
    try {
      await connection.control('checkpoint');
    } catch (error) {
      this.#break('a checkpoint failed');
      throw new EngineFailure('unknown', 'the write may or may not have happened', {}, error);
    }
  }

  /** Before a checkpoint, with nothing beside it. Throws EngineFailure. */
  async #renewRelationships(connection: KuzuConnection): Promise<void> {
    if (!this.#changes.hasDeleted && !this.#changes.hasUpdated) return;
    const transaction = new KuzuTransaction(connection, endless, this, {
      isAutomatic: false,
      canTimeOut: false,
    });
    await connection.control('beginWrite');
    try {
      await renewRelationships(transaction, this.#changes);
    } catch (error) {
      // A statement that failed has rolled back already.
      await connection.control('rollback').catch(() => {});
      throw error;
    }
    await this.#commit(connection, transaction);
  }

  /** After a checkpoint, with nothing beside it. */
  async #settleChanges(connection: KuzuConnection): Promise<void> {
    const { hasDeleted } = this.#changes;
    this.#changes = noChanges;
    if (!hasDeleted || this.#isClosing) return;
    const transaction = new KuzuTransaction(connection, endless, this, readKind);
    const hasLeft = await hasLeftRelationships(transaction).catch(() => true);
    if (hasLeft) this.#break('deleted relationships are left in memory');
  }

  /** Waits for what still runs, ends the transaction and gives the connection back. */
  async #end(
    connection: KuzuConnection,
    transaction: KuzuTransaction,
    how: 'rollback' | undefined,
    { deadlineMs }: CallLimits,
  ): Promise<void> {
    const stuckMs = Math.min(2 ** 31 - 1, Math.max(0, deadlineMs - Date.now()) + this.#options.stuckMs);
    const stuck = setTimeout(() => this.#break('a statement did not stop at its deadline'), stuckMs);
    await transaction.settled;
    clearTimeout(stuck);
    if (how === 'rollback' && transaction.hasCopied) {
      this.#break('a copy was rolled back');
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
    await this.#storage.measureLog();
    const { logBytes, fileBytes, isFull } = this.#storage;
    // A checkpoint begins with a copy of the file: the larger that is, the more log it has to be worth.
    const dueBytes = Math.max(this.#options.checkpointBytes, Math.min(fileBytes / 8, logBytesMax));
    // Only a checkpoint turns what was deleted into room.
    const isDue = logBytes >= dueBytes || (isFull && logBytes > 0);
    if (!isDue || this.#isClosing || this.#isBroken) return;
    const leave = this.#gate.tryEnterAlone();
    if (leave) await this.#checkpoint(leave);
  }

  /** True where the log is in the file. */
  async #checkpoint(leave: () => void): Promise<boolean> {
    try {
      const connection = await this.#pool.take({ deadlineMs: Date.now() + 60_000, signal: never });
      try {
        if (!(await this.#emptyLog(connection))) return false;
      } finally {
        await this.#pool.give(connection);
      }
      await this.#measureStorage();
      return true;
    } finally {
      leave();
    }
  }

  /** Checkpoints, with nothing beside it. Leaves the log where there is no room for that. True where it is empty. */
  async #emptyLog(connection: KuzuConnection): Promise<boolean> {
    try {
      await this.#storage.measure();
      if (!this.#storage.mayCheckpoint) return false;
      await this.#renewRelationships(connection);
      await this.#guard.begin();
      let isDone = true;
      await connection.control('checkpoint').catch((error: unknown) => {
        isDone = false;
        if (!isCheckpointTimeout(error)) this.#break('a checkpoint failed');
      });
      if (this.#isBroken) return false;
      await this.#guard.end();
      if (isDone) await this.#settleChanges(connection);
      return isDone;
    } catch (error) {
      if (!(error instanceof EngineFailure)) throw error;
      // The log has everything, and there may be room later.
      if (error.kind !== 'storage' && error.kind !== 'memory') this.#break('a checkpoint failed');
      return false;
    }
  }

  async #measureStorage(): Promise<void> {
    const connection = await this.#pool.take({ deadlineMs: Date.now() + 60_000, signal: never });
    try {
      const result = await connection.run(
        'CALL fsm_info() RETURN sum(num_pages) AS pages',
        undefined,
        60_000,
        true,
      );
      const [row] = result.read(1);
      result.close();
      this.#storage.setReusable(Number(row?.pages ?? 0) * pageBytes);
    } finally {
      await this.#pool.give(connection);
    }
    await this.#storage.measure();
  }

  /** From here on nothing is written, and what is read is read again by the next process. */
  #break(why: string): void {
    if (this.#isBroken) return;
    this.#isBroken = true;
    this.#gate.refuseWrites(replacedFailure());
    this.#turnstile.refuseWrites(replacedFailure());
    this.#options.onBroken(why);
  }
}

/**
 * For calls that come while the process ends: a write is told so, which is certain. A read waits for the end, after
 * which the edge makes it again elsewhere.
 */
function endOf(lane: Lane, limits: CallLimits): Promise<never> {
  return new Promise((_, reject) => {
    if (lane === 'read') onOver(limits, () => reject(overFailure(limits)));
    else reject(replacedFailure());
  });
}

function notEmptiedFailure(): EngineFailure {
  return new EngineFailure('storage', 'the log could not be moved into the file');
}

function replacedFailure(): EngineFailure {
  return new EngineFailure('closed', "the graph's process is being replaced");
}
