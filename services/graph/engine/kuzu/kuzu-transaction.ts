import type { EngineParameter } from '../../domain/values/text-form.ts';
import { onOver } from '../call-watch.ts';
import { EngineFailure } from '../engine-failure.ts';
import { overFailure } from '../engine-gate.ts';
import type { CallLimits, EngineResult, EngineTransaction } from '../graph-engine.ts';
import type { KuzuConnection } from './kuzu-connection.ts';
import { toEngineFailure } from './kuzu-failure.ts';

/** How long after its deadline a statement may take to notice. */
const graceMs = 250;

/**
 * COPY, and CREATE TABLE … AS, which copies too and which the gate refuses. Other statements that begin so are not
 * hurt by the caution.
 */
const copyPattern = /^(?:COPY|CREATE (?:NODE|REL) TABLE .*\bAS\b)/is;

/** What may delete relationships, and what may change properties of some. Both hold for more than that. */
const deletePattern = /\bDELETE\b/i;
const updatePattern = /\bSET\b/i;

/** What a transaction is for. */
export interface TransactionKind {
  /** Whether each statement is on its own and may only read; otherwise the caller begins and ends. */
  readonly isAutomatic: boolean;
  /** Whether the engine may interrupt its statements. */
  readonly canTimeOut: boolean;
}

/**
 * A transaction on a connection of its own. The binding cannot interrupt: a call whose caller left, or that does
 * not notice its deadline, is left behind and ends the transaction when it ends.
 */
export class KuzuTransaction implements EngineTransaction {
  readonly commits: number;
  readonly schemaVersion: number;
  readonly #connection: KuzuConnection;
  readonly #limits: CallLimits;
  readonly #kind: TransactionKind;
  #underWay: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #hasCopied = false;
  #hasDeleted = false;
  #hasUpdated = false;
  #isSettled = true;
  #isSnapshot = false;
  #isLeft = false;
  /** Has the caller stop waiting for the statement that runs. */
  #leave: (failure: EngineFailure) => void = () => {};

  constructor(
    connection: KuzuConnection,
    limits: CallLimits,
    state: Pick<EngineTransaction, 'commits' | 'schemaVersion'>,
    kind: TransactionKind,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#kind = kind;
    this.commits = state.commits;
    this.schemaVersion = state.schemaVersion;
  }

  /** True when it cannot be committed any more. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** True where its caller does not wait for it any more while it still runs. */
  get isLeft(): boolean {
    return this.#isLeft && this.#limits.signal.aborted;
  }

  /** True once a statement began to copy rows in. Rolling that back damages the memory of the process. */
  get hasCopied(): boolean {
    return this.#hasCopied;
  }

  /** True once a statement began that may delete relationships. */
  get hasDeleted(): boolean {
    return this.#hasDeleted;
  }

  /** True once a statement began that may change properties of relationships. */
  get hasUpdated(): boolean {
    return this.#hasUpdated;
  }

  /** True where nothing of the transaction runs. */
  get isSettled(): boolean {
    return this.#isSettled && !this.#isSnapshot;
  }

  /** Resolves when nothing of the transaction runs any more. */
  get settled(): Promise<unknown> {
    return this.#underWay;
  }

  /** Answers the statement that runs, if one does, with this failure; it goes on by itself. */
  fail(failure: EngineFailure): void {
    if (!this.#isSettled) this.#leave(failure);
  }

  async run(statement: string, values?: Readonly<Record<string, EngineParameter>>): Promise<EngineResult> {
    if (this.#hasFailed) throw new EngineFailure('closed', 'the transaction has ended');
    const timeoutMs = this.#limits.deadlineMs - Date.now();
    if (timeoutMs <= 0 || this.#limits.signal.aborted) {
      this.#hasFailed = true;
      throw overFailure(this.#limits);
    }
    this.#hasCopied ||= copyPattern.test(statement);
    this.#hasDeleted ||= deletePattern.test(statement);
    this.#hasUpdated ||= updatePattern.test(statement) && statement.includes('[');
    const { isAutomatic, canTimeOut } = this.#kind;
    const isGuarded = isAutomatic && !this.#isSnapshot;
    const running = this.#connection.run(statement, values, canTimeOut ? timeoutMs : 2 ** 31, isGuarded);
    try {
      return await this.#untilOver(running);
    } catch (error) {
      this.#hasFailed ||= !isGuarded;
      throw toEngineFailure(error);
    }
  }

  async snapshot<T>(work: () => Promise<T>): Promise<T> {
    if (!this.#kind.isAutomatic || this.#isSnapshot) return work();
    this.#underWay = this.#connection.control('beginRead');
    await this.#underWay;
    this.#isSnapshot = true;
    try {
      return await work();
    } finally {
      this.#isSnapshot = false;
      this.#isSettled = false;
      // Whatever still runs ends before the transaction does; one that failed has ended it already.
      this.#underWay = this.#underWay
        .then(() => this.#connection.control('endRead').catch(() => {}))
        .then(() => {
          this.#isSettled = true;
        });
      if (!this.#isLeft) await this.#underWay;
    }
  }

  #untilOver(running: Promise<EngineResult>): Promise<EngineResult> {
    const { deadlineMs, signal } = this.#limits;
    return new Promise((resolve, reject) => {
      const stop = onOver({ deadlineMs: deadlineMs + graceMs, signal }, () =>
        this.#leave(overFailure(this.#limits)),
      );
      this.#leave = (failure) => {
        this.#isLeft = true;
        this.#hasFailed = true;
        reject(failure);
      };
      const end = () => {
        this.#isSettled = true;
        stop();
      };
      this.#isSettled = false;
      this.#underWay = running.then(
        (result) => {
          end();
          if (this.#isLeft) result.close();
          else resolve(result);
        },
        (error: unknown) => {
          end();
          reject(error);
        },
      );
    });
  }
}
