import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { respawnDelayMs } from '../domain/back-off.ts';
import { engineBroken, openingEnded } from '../errors.ts';
import type { GraphDirectory } from '../store/graph-directory.ts';
import type { EngineProcess } from './engine-process.ts';

/** An engine process that served for so long counts as healthy: its end is a first failure. */
const healthyMs = 5_000;

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

export interface SupervisedEngineOptions {
  readonly graphId: string;
  /** The epoch that the opening was asked for with: no process gets a smaller one. */
  readonly epoch: bigint;
  readonly directory: GraphDirectory;
  readonly limits: EngineLimits;
  readonly clock: Clock;
  readonly log: Logger;
  /** Starts a process that opens the graph with this epoch. */
  readonly launch: (epoch: bigint, onActivity: (callsUnderWay: number) => void) => EngineProcess;
  /** The first process starts after this. */
  readonly after: Promise<unknown>;
  /** Hears of each change of endpoint and epoch. */
  readonly onChange: () => void;
}

/** Keeps a graph open: starts its engine process again, with the next epoch, until it is closed or fails to open too often. */
export class SupervisedEngine {
  readonly #options: SupervisedEngineOptions;
  readonly #closing = new AbortController();
  #opening = Promise.withResolvers<Opening>();
  #epoch = 0n;
  #endpoint = '';
  #callsUnderWay = 0;
  #lastActiveMs: number;
  #isBroken = false;
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

  get lastActiveMs(): number {
    return this.#lastActiveMs;
  }

  /** True where it ended by itself, having failed to open too often. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Ends it: calls under way finish within the time for closing. */
  close(): Promise<void> {
    this.#closing.abort();
    return this.ended;
  }

  async #run(): Promise<void> {
    const { after, limits, log, graphId, onChange } = this.#options;
    await after;
    let failures = 0;
    let openFailures = 0;
    while (!this.#isClosing && openFailures < limits.failuresMax) {
      const servedMs = await this.#serve(respawnDelayMs(failures));
      if (this.#isClosing) break;
      failures = servedMs !== undefined && servedMs >= healthyMs ? 1 : failures + 1;
      openFailures = servedMs === undefined ? openFailures + 1 : 0;
      log.error({ graphId, failures, openFailures }, 'the engine of a graph failed');
    }
    this.#isBroken = !this.#isClosing;
    this.#opening.reject(this.#isBroken ? engineBroken(openFailures, limits.coolDownMs) : openingEnded());
    onChange();
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }

  /** Runs one process: how long it served, or undefined where it never did. Its epoch is told before it starts. */
  async #serve(delayMs: number): Promise<number | undefined> {
    const { directory, epoch, clock, launch, onChange, log, graphId } = this.#options;
    const isDue = delayMs > 0 ? clock.sleep(delayMs, this.#closing.signal) : undefined;
    try {
      this.#epoch = await directory.takeEpoch(epoch);
      onChange();
      await isDue;
      await directory.emptyWork();
      if (this.#isClosing) return undefined;
      const process = launch(this.#epoch, (callsUnderWay) => {
        this.#callsUnderWay = callsUnderWay;
        this.#lastActiveMs = clock.now();
      });
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
    this.#closing.signal.addEventListener('abort', close, { once: true });
    const openedMs = await this.#awaitOpened(process);
    const exit = await process.exited;
    this.#closing.signal.removeEventListener('abort', close);
    if (!this.#isClosing) log.error({ graphId, exit }, 'an engine process ended unasked');
    this.#callsUnderWay = 0;
    if (openedMs === undefined) return undefined;
    this.#endpoint = '';
    this.#opening = Promise.withResolvers();
    this.#opening.promise.catch(() => {});
    return clock.now() - openedMs;
  }

  /** When the process began to serve; undefined where it failed to, and was killed. */
  async #awaitOpened(process: EngineProcess): Promise<number | undefined> {
    const { clock, limits, log, graphId, onChange } = this.#options;
    const decided = new AbortController();
    void clock.sleep(limits.openTimeoutMs, decided.signal).then(() => {
      if (!decided.signal.aborted) process.kill();
    });
    try {
      this.#endpoint = await process.opened;
      this.#lastActiveMs = clock.now();
      this.#opening.resolve({ endpoint: this.#endpoint, epoch: this.#epoch });
      onChange();
      return this.#lastActiveMs;
    } catch (err) {
      if (!this.#isClosing) log.error({ err, graphId }, 'an engine process did not open its graph');
      process.kill();
      return undefined;
    } finally {
      decided.abort();
    }
  }
}
