import type { Logger } from '../../mesh/log/logger.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { periodOf } from '../domain/period.ts';

/** Work done again and again until it is closed. */
export interface Scheduler {
  /** Begins the first run. */
  start(): void;
  /** Ends after the run under way. */
  close(): Promise<void>;
}

export interface SchedulerOptions {
  /** A run; the signal aborts at close. One that throws is logged, and the next one comes all the same. */
  readonly run: (signal: AbortSignal) => Promise<void>;
  /** The longest time between runs. A month's beginning is waited for exactly. */
  readonly intervalMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Runs at the start, at least every so often, and when a month begins. */
export function createScheduler({ run, intervalMs, clock, log }: SchedulerOptions): Scheduler {
  const closing = new AbortController();
  const { signal } = closing;
  let ended: Promise<void> = Promise.resolve();

  async function repeat(): Promise<void> {
    while (!signal.aborted) {
      try {
        await run(signal);
      } catch (err) {
        log.error({ err }, 'renewal failed; the next run tries again');
      }
      const nowMs = clock.now();
      await clock.sleep(Math.min(intervalMs, periodOf(nowMs).end.getTime() - nowMs), signal);
    }
  }

  return {
    start: () => {
      ended = repeat();
    },
    close: async () => {
      closing.abort();
      await ended;
    },
  };
}
