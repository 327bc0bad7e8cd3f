import { pause } from './pause.ts';

/** The time, and waiting for it. Tests inject their own. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after this time, or as soon as the signal aborts; never rejects. */
  sleep(durationMs: number, signal: AbortSignal): Promise<void>;
}

/** The clock of the machine. */
export const systemClock: Clock = { now: () => Date.now(), sleep: pause };
