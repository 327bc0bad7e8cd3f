import type { Clock } from '../../../mesh/process/clock.ts';

/** Questions without an answer after which there will be none. */
const silentMax = 3;

export interface KeepAskingOptions {
  /** Asks, and says whether anything was heard since it was called before. */
  readonly ask: () => boolean;
  /** How long there may be no answer. */
  readonly silenceMs: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/**
 * Asks several times within `silenceMs`; false as soon as nothing was heard for so long, true where the signal ends
 * it. Silence is counted in questions, not by the clock, so that a time in which this process itself stood still
 * counts as one at most.
 */
export async function keepAsking({ ask, silenceMs, clock, signal }: KeepAskingOptions): Promise<boolean> {
  let silent = 0;
  ask();
  while (!signal.aborted) {
    await clock.sleep(silenceMs / silentMax, signal);
    if (signal.aborted) break;
    silent = ask() ? 0 : silent + 1;
    if (silent === silentMax) return false;
  }
  return true;
}
