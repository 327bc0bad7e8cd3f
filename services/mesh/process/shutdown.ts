import type { Logger } from '../log/logger.ts';

type Step = { readonly name: string; readonly run: () => Promise<void> };

/** What a process does before it ends, last opened first closed. */
export class Shutdown {
  readonly #steps: Step[] = [];
  readonly #log: Logger;
  #running: Promise<boolean> | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** Adds a step. It runs before all steps added earlier. */
  add(name: string, run: () => Promise<void>): void {
    this.#steps.push({ name, run });
  }

  /** Runs all steps once, also after one failed. True where none did. */
  run(): Promise<boolean> {
    this.#running ??= this.#runAll();
    return this.#running;
  }

  async #runAll(): Promise<boolean> {
    let isClean = true;
    for (const { name, run } of this.#steps.toReversed()) {
      try {
        await run();
      } catch (err) {
        isClean = false;
        this.#log.error({ err, step: name }, 'a shutdown step failed');
      }
    }
    return isClean;
  }

  /** Runs the steps and ends the process: with 0 where none failed, by force when time is up. */
  async end(why: string, timeoutMs: number): Promise<never> {
    this.#log.info({ why }, 'draining');
    setTimeout(() => {
      this.#log.error({ timeoutMs }, 'shutdown takes too long');
      process.exit(1);
    }, timeoutMs).unref();
    process.exit((await this.run()) ? 0 : 1);
  }

  /** Ends the process on each of these signals; at once on the second one. */
  onSignals(signals: readonly NodeJS.Signals[], timeoutMs: number): void {
    let isEnding = false;
    for (const signal of signals) {
      process.on(signal, () => {
        if (isEnding) process.exit(1);
        isEnding = true;
        void this.end(signal, timeoutMs);
      });
    }
  }
}
