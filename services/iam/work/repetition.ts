import type { Logger } from '../../mesh/log/logger.ts';
import type { Clock } from '../../mesh/process/clock.ts';

/** Work done again and again until the service closes. */
export interface Repetition {
  /** Begins the first run. */
  start(): void;
  /** Ends after the run under way. */
  close(): Promise<void>;
}

export interface RepetitionOptions {
  /** For the log. */
  readonly name: string;
  /** From the end of a run to the next. */
  readonly intervalMs: number;
  /** A run; the signal aborts when the service closes. One that throws is logged; the next comes all the same. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  readonly clock: Clock;
  readonly log: Logger;
}

export function createRepetition({ name, intervalMs, run, clock, log }: RepetitionOptions): Repetition {
  const closing = new AbortController();
  const { signal } = closing;
  let failing = false;
  let ended: Promise<void> = Promise.resolve();

  async function repeat(): Promise<void> {
    while (!signal.aborted) {
      try {
        await run(signal);
        failing = false;
      } catch (err) {
        // One line for an outage, not four a second.
        log[failing ? 'debug' : 'warn']({ err, work: name }, 'background work failed');
        failing = true;
      }
      await clock.sleep(intervalMs, signal);
    }
  }

  return {
    start: () => {
      ended = repeat();
    },
    close: () => {
      closing.abort();
      return ended;
    },
  };
}
