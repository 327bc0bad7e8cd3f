import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { respawnDelayMs } from '../domain/back-off.ts';
import { failureIsCertain, type OpenFailureCause } from '../domain/open-failure.ts';
import { type Broken, engineBroken, openingEnded } from '../errors.ts';
import type { GraphDirectory } from '../store/graph-directory.ts';
import { type EngineProcess, OpenFailed } from './engine-process.ts';
import type { Slots } from './slots.ts';

/** An engine process that served for so long counts as healthy: its end is a first failure. */
const healthyMs = 5_000;

/** Who asked for an opening has so long to make his call before the graph may be closed for another. */
const unservedGraceMs = 3_000;

/** After so many openings in a row that failed for a reason that time does not mend, no more are tried. */
const certainFailuresMax = 2;

/** Where a graph is served, and since which opening. */
export interface Opening {
  readonly endpoint: string;
  readonly epoch: bigint;
}

/** How long things may take, and how often in a row a graph may fail to open. */
export interface EngineLimits {
  readonly openTimeoutMs: number;
  readonly closeTimeoutMs: number;
  readonly failuresMax: number;
  readonly coolDownMs: number;
}

/** How the next process is to open the graph. */
export interface Launch {
  readonly epoch: bigint;
  /** Whether statements run one at a time at first. */
  readonly isCareful: boolean;
  readonly onActivity: (callsUnderWay: number) => void;
}

export interface SupervisedEngineOptions {
  readonly graphId: string;
  /** The epoch that the opening was asked for with: no process gets a smaller one. */
  readonly epoch: bigint;
  readonly directory: GraphDirectory;
  readonly limits: EngineLimits;
  /** It takes one before its first process starts, and keeps it to the end. */
  readonly slots: Pick<Slots, 'acquire' | 'release'>;
  readonly clock: Clock;
  readonly log: Logger;
  /** Has a process open the graph. */
  readonly launch: (launch: Launch) => Promise<EngineProcess>;
  /** Hears of each change of endpoint and epoch. */
  readonly onChange: () => void;
  /** Hears when the graph may have become idle. */
  readonly onQuiet: () => void;
}

/** Keeps a graph open: has it opened again, with the next epoch, until it is closed or fails to open too often. */
export class SupervisedEngine {
  readonly #options: SupervisedEngineOptions;
  readonly #closing = new AbortController();
  #opening = Promise.withResolvers<Opening>();
  #process: EngineProcess | undefined;
  #epoch = 0n;
  #endpoint = '';
  #callsUnderWay = 0;
  #hasServed = false;
  /** True where the last process took more memory than it may. */
  #isCareful = false;
  #openedMs = 0;
  #lastActiveMs: number;
  #failure: OpenFailureCause = 'other';
  #broken: Broken | undefined;
  /** Resolves when no process is left and none will come. */
  readonly ended: Promise<void>;

  constructor(options: SupervisedEngineOptions) {
    this.#options = options;
    this.#lastActiveMs = options.clock.now();
    this.#opening.promise.catch(() => {});
    this.ended = this.#run();
  }

  /** The opening in force, or the one under way. Rejects with what a client may see. */
  get opening(): Promise<Opening> {
    return this.#opening.promise;
  }

  /** What there is to report; undefined before the first epoch is taken. */
  get state(): Opening | undefined {
    return this.#epoch === 0n ? undefined : { endpoint: this.#endpoint, epoch: this.#epoch };
  }

  /** True while it serves and no call is under way. */
  get isIdle(): boolean {
    return this.#endpoint !== '' && this.#callsUnderWay === 0;
  }

  /** True where it is idle and whoever had it opened has had his turn. */
  get mayMakeRoom(): boolean {
    const hadTurn = this.#hasServed || this.#options.clock.now() - this.#openedMs >= unservedGraceMs;
    return this.isIdle && hadTurn;
  }

  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  /** Set where it ended by itself, having failed to open too often. */
  get broken(): Broken | undefined {
    return this.#broken;
  }

  /** Asks its process to end unless it has calls; true where it is on its way out. */
  async sleep(): Promise<boolean> {
    if (!this.isIdle || !this.#process) return false;
    const isAsleep = await this.#process.sleep();
    // It has a call of which it has not told yet: others are to be asked before it is asked again.
    if (!isAsleep) this.#lastActiveMs = this.#options.clock.now();
    return isAsleep;
  }

  /** Ends it: calls under way finish within the time for closing. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.ended;
  }

  async #run(): Promise<void> {
    const { slots, onChange } = this.#options;
    try {
      await slots.acquire(this.#closing.signal);
    } catch (error) {
      this.#opening.reject(error);
      return;
    }
    try {
      await this.#keepOpen();
    } finally {
      slots.release();
      onChange();
    }
  }

  async #keepOpen(): Promise<void> {
    const { limits, log, graphId } = this.#options;
    let failures = 0;
    let openFailures = 0;
    const failuresMax = () =>
      failureIsCertain(this.#failure) ? Math.min(certainFailuresMax, limits.failuresMax) : limits.failuresMax;
    while (!this.#isClosing && openFailures < failuresMax()) {
      this.#failure = 'other';
      const servedMs = await this.#serve(respawnDelayMs(failures));
      if (this.#isClosing) break;
      failures = servedMs !== undefined && servedMs >= healthyMs ? 1 : failures + 1;
      openFailures = servedMs === undefined ? openFailures + 1 : 0;
      log.error({ graphId, failures, openFailures, cause: this.#failure }, 'the engine of a graph failed');
    }
    if (!this.#isClosing) this.#broken = { failures: openFailures, cause: this.#failure };
    this.#opening.reject(this.#broken ? engineBroken(this.#broken, limits.coolDownMs) : openingEnded());
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Runs one process: how long it served, or undefined where it never did. Its epoch is told before it starts. */
  async #serve(delayMs: number): Promise<number | undefined> {
    const { directory, epoch, clock, launch, onChange, onQuiet, log, graphId } = this.#options;
    const isDue = delayMs > 0 ? clock.sleep(delayMs, this.#closing.signal) : undefined;
    try {
      this.#epoch = await directory.takeEpoch(epoch);
      onChange();
      await isDue;
      if (this.#isClosing) return undefined;
      if (await directory.hasLostDatabase()) {
        this.#failure = 'lost';
        return undefined;
      }
      const onActivity = (callsUnderWay: number) => {
        this.#callsUnderWay = callsUnderWay;
        this.#lastActiveMs = clock.now();
        if (callsUnderWay > 0) this.#hasServed = true;
        else onQuiet();
      };
      const process = await launch({ epoch: this.#epoch, isCareful: this.#isCareful, onActivity });
      return await this.#follow(process);
    } catch (err) {
      log.error({ err, graphId }, 'an engine process could not be started');
      await isDue;
      return undefined;
    }
  }

  async #follow(process: EngineProcess): Promise<number | undefined> {
    const { clock, limits, log, graphId } = this.#options;
    const close = () => void process.close(limits.closeTimeoutMs);
    if (this.#isClosing) close();
    this.#closing.signal.addEventListener('abort', close, { once: true });
    this.#process = process;
    const isOpen = await this.#awaitOpened(process);
    const exit = await process.exited;
    this.#isCareful = process.isOversized;
    this.#process = undefined;
    this.#closing.signal.removeEventListener('abort', close);
    if (!this.#isClosing) log.error({ graphId, exit }, 'an engine process ended unasked');
    this.#callsUnderWay = 0;
    if (!isOpen) return undefined;
    this.#endpoint = '';
    this.#opening = Promise.withResolvers();
    this.#opening.promise.catch(() => {});
    return clock.now() - this.#openedMs;
  }

  /** True when the process serves; false where it failed to, and was killed. */
  async #awaitOpened(process: EngineProcess): Promise<boolean> {
    const { clock, directory, limits, log, graphId, onChange, onQuiet } = this.#options;
    const decided = new AbortController();
    let isLate = false;
    void clock.sleep(limits.openTimeoutMs, decided.signal).then(() => {
      if (decided.signal.aborted) return;
      isLate = true;
      process.kill();
    });
    try {
      const endpoint = await process.opened;
      await directory.noteCreated();
      this.#endpoint = endpoint;
      this.#hasServed = false;
      this.#openedMs = clock.now();
      this.#lastActiveMs = this.#openedMs;
      this.#opening.resolve({ endpoint: this.#endpoint, epoch: this.#epoch });
      onChange();
      onQuiet();
      return true;
    } catch (err) {
      const failure = err instanceof OpenFailed ? err.failure : 'other';
      this.#failure = isLate ? 'timeout' : failure;
      if (!this.#isClosing) log.error({ err, graphId }, 'an engine process did not open its graph');
      process.kill();
      return false;
    } finally {
      decided.abort();
    }
  }
}
