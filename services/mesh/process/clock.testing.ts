import { vi } from 'vitest';
import type { Clock } from './clock.ts';

/** A clock that stands until a test moves it. */
export class TestClock implements Clock {
  #now = 1_750_000_000_000;
  readonly #sleepers = new Set<{ readonly durationMs: number; wakeMs: number; wake: () => void }>();

  now(): number {
    return this.#now;
  }

  sleep(durationMs: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const sleeper = {
        durationMs,
        wakeMs: this.#now + durationMs,
        wake: () => {
          this.#sleepers.delete(sleeper);
          resolve();
        },
      };
      if (signal.aborted) return resolve();
      this.#sleepers.add(sleeper);
      signal.addEventListener('abort', sleeper.wake, { once: true });
    });
  }

  /** Waits until so many sleep, so that moving the clock reaches them all. */
  sleepers(count: number): Promise<void> {
    return this.#waitFor((durations) => durations.length === count, `${count} that sleep`);
  }

  /** Waits until somebody sleeps for exactly this time. */
  sleeper(durationMs: number): Promise<void> {
    return this.#waitFor((durations) => durations.includes(durationMs), `a sleep of ${durationMs} ms`);
  }

  advance(durationMs: number): void {
    this.#now += durationMs;
    for (const { wakeMs, wake } of [...this.#sleepers]) if (wakeMs <= this.#now) wake();
  }

  #waitFor(isThere: (durationsMs: readonly number[]) => boolean, wanted: string): Promise<void> {
    return vi.waitFor(
      () => {
        const durations = [...this.#sleepers].map((sleeper) => sleeper.durationMs);
        if (!isThere(durations)) throw new Error(`wanted ${wanted}; asleep: ${durations.join(', ')} ms`);
      },
      { interval: 5, timeout: 30_000 },
    );
  }
}
