import type { Clock } from '../../mesh/process/clock.ts';

/** Sleeps until woken. A wake-up between two sleeps is not lost: the next sleep ends at once. */
export interface Sleeper {
  /** Resolves at a wake-up, after this time, or when the signal aborts. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
  /** Ends the subscription. */
  close(): void;
}

/** Wakes all sleepers of this process. */
export interface WakeUps {
  /** How many subscribed. */
  readonly sleeperCount: number;
  wake(): void;
  subscribe(): Sleeper;
}

export function createWakeUps(clock: Clock): WakeUps {
  const rings = new Set<() => void>();
  return {
    get sleeperCount() {
      return rings.size;
    },
    wake: () => {
      for (const ring of rings) ring();
    },
    subscribe: () => {
      let bell = new AbortController();
      const ring = () => bell.abort();
      rings.add(ring);
      return {
        sleep: async (durationMs, signal) => {
          if (signal.aborted) return;
          signal.addEventListener('abort', ring, { once: true });
          await clock.sleep(durationMs, bell.signal);
          signal.removeEventListener('abort', ring);
          bell = new AbortController();
        },
        close: () => rings.delete(ring),
      };
    },
  };
}
