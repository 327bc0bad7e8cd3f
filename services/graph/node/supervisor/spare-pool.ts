import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { backOffMs } from '../domain/back-off.ts';
import type { EngineLauncher } from './engine-launcher.ts';
import type { EngineProcess } from './engine-process.ts';

const retryFirstMs = 100;
const retryMaxMs = 10_000;
/** How long one may take to load its code before it is given up. */
const readyTimeoutMs = 60_000;

export interface SparePoolOptions {
  /** How many to keep; 0: every process is started when it is needed. */
  readonly spares: number;
  readonly launcher: Pick<EngineLauncher, 'start'>;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * Keeps engine processes started that have loaded all their code and wait to be told what to open. One that is taken
 * is replaced once it has opened its graph, which comes first; one that ends by itself is replaced with a back-off.
 */
export class SparePool {
  readonly #options: SparePoolOptions;
  /** Longest there first. */
  readonly #spares = new Set<EngineProcess>();
  readonly #readySpares = new Set<EngineProcess>();
  readonly #closing = new AbortController();
  /** Processes that were taken and whose successors have to wait. */
  #opening = 0;
  /** Since one was taken that was ready. */
  #failures = 0;
  #hasFailed = false;
  #filling: Promise<void> | undefined;

  constructor(options: SparePoolOptions) {
    this.#options = options;
  }

  /** Spares that could be taken and open at once. */
  get readyCount(): number {
    return this.#readySpares.size;
  }

  /** Begins to keep spares; also called to look again whether one is missing. */
  fill(): void {
    this.#filling ??= this.#fill().finally(() => {
      this.#filling = undefined;
    });
  }

  /** A process to open a graph in: a spare, as far as possible one that is ready, else a new one. */
  async take(): Promise<EngineProcess> {
    const [spare] = [...this.#readySpares, ...this.#spares];
    if (spare && this.#readySpares.has(spare)) this.#failures = 0;
    if (spare) this.#forget(spare);
    const process = spare ?? (await this.#options.launcher.start());
    this.#opening += 1;
    const opened = () => {
      this.#opening -= 1;
      this.fill();
    };
    process.opened.then(opened, opened);
    return process;
  }

  /** Ends all spares; none comes any more. */
  async close(): Promise<void> {
    this.#closing.abort();
    for (const spare of this.#spares) spare.kill();
    await this.#filling;
    for (const spare of this.#spares) spare.kill();
    await Promise.all([...this.#spares].map((spare) => spare.exited));
  }

  async #fill(): Promise<void> {
    const { spares, clock, log } = this.#options;
    while (!this.#isClosing && this.#opening === 0 && this.#spares.size < spares) {
      if (this.#hasFailed) {
        await clock.sleep(backOffMs(this.#failures, retryFirstMs, retryMaxMs), this.#closing.signal);
        if (this.#isClosing) return;
      }
      try {
        await this.#add();
        this.#hasFailed = false;
      } catch (err) {
        if (this.#isClosing) return;
        this.#noteFailure();
        log.error({ err, failures: this.#failures }, 'a spare engine process did not start');
      }
    }
  }

  /** One after the other: the processor has other things to do. */
  async #add(): Promise<void> {
    const spare = await this.#options.launcher.start();
    this.#spares.add(spare);
    void spare.exited.then(() => {
      if (!this.#spares.has(spare)) return;
      const wasReady = this.#readySpares.has(spare);
      this.#forget(spare);
      if (this.#isClosing) return;
      // One that was not ready is counted where that is waited for.
      if (wasReady) this.#noteFailure();
      this.#options.log.error('a spare engine process ended unasked');
      this.fill();
    });
    const isDecided = new AbortController();
    void this.#options.clock.sleep(readyTimeoutMs, isDecided.signal).then(() => {
      if (!isDecided.signal.aborted && this.#spares.has(spare)) spare.kill();
    });
    try {
      await spare.ready;
    } finally {
      isDecided.abort();
    }
    if (this.#spares.has(spare)) this.#readySpares.add(spare);
  }

  #noteFailure(): void {
    this.#failures += 1;
    this.#hasFailed = true;
  }

  #forget(spare: EngineProcess): void {
    this.#spares.delete(spare);
    this.#readySpares.delete(spare);
  }

  get #isClosing(): boolean {
    return this.#closing.signal.aborted;
  }
}
