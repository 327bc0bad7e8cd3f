import type { EngineParameter } from '../../domain/values/text-form.ts';
import { EngineFailure } from '../engine-failure.ts';
import { onOver, overFailure } from '../engine-gate.ts';
import type { CallLimits, EngineResult, EngineTransaction } from '../graph-engine.ts';
import type { KuzuConnection } from './kuzu-connection.ts';
import { toEngineFailure } from './kuzu-failure.ts';

/** How long after its deadline a statement may take to notice. */
const graceMs = 250;

/** COPY, and CREATE TABLE … AS, which copies too. Other statements that begin so are not hurt by the caution. */
const copyPattern = /^(?:COPY|CREATE (?:NODE|REL) TABLE .*\bAS\b)/is;

/**
 * A transaction on a connection of its own. The binding cannot interrupt: a call whose caller left, or that does
 * not notice its deadline, is left behind and ends the transaction when it ends.
 */
export class KuzuTransaction implements EngineTransaction {
  readonly commits: number;
  readonly schemaVersion: number;
  readonly #connection: KuzuConnection;
  readonly #limits: CallLimits;
  readonly #canTimeOut: boolean;
  #underWay: Promise<unknown> = Promise.resolve();
  #hasFailed = false;
  #hasCopied = false;

  constructor(
    connection: KuzuConnection,
    limits: CallLimits,
    state: Pick<EngineTransaction, 'commits' | 'schemaVersion'>,
    canTimeOut: boolean,
  ) {
    this.#connection = connection;
    this.#limits = limits;
    this.#canTimeOut = canTimeOut;
    this.commits = state.commits;
    this.schemaVersion = state.schemaVersion;
  }

  /** True when it cannot be committed any more. */
  get hasFailed(): boolean {
    return this.#hasFailed;
  }

  /** True once a statement began to copy rows in. Rolling that back damages the memory of the process. */
  get hasCopied(): boolean {
    return this.#hasCopied;
  }

  /** Resolves when nothing of the transaction runs any more. */
  get settled(): Promise<unknown> {
    return this.#underWay;
  }

  async run(
    statement: string,
    values: Readonly<Record<string, EngineParameter>> = {},
  ): Promise<EngineResult> {
    if (this.#hasFailed) throw new EngineFailure('closed', 'the transaction has ended');
    const timeoutMs = this.#limits.deadlineMs - Date.now();
    if (timeoutMs <= 0 || this.#limits.signal.aborted) {
      this.#hasFailed = true;
      throw overFailure(this.#limits);
    }
    this.#hasCopied ||= copyPattern.test(statement);
    const running = this.#connection.run(statement, values, this.#canTimeOut ? timeoutMs : 2 ** 31);
    try {
      return await this.#untilOver(running);
    } catch (error) {
      this.#hasFailed = true;
      throw toEngineFailure(error);
    }
  }

  async #untilOver(running: Promise<EngineResult>): Promise<EngineResult> {
    let stop = () => {};
    const over = new Promise<never>((_, reject) => {
      const { deadlineMs, signal } = this.#limits;
      stop = onOver({ deadlineMs: deadlineMs + graceMs, signal }, () => reject(overFailure(this.#limits)));
    });
    let isLeft = false;
    this.#underWay = running.then(
      (result) => {
        if (isLeft) result.close();
      },
      () => {},
    );
    try {
      return await Promise.race([running, over]);
    } catch (error) {
      isLeft = true;
      throw error;
    } finally {
      stop();
    }
  }
}
