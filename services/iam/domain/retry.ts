const firstWaitMs = 2_000;
const waitMaxMs = 5 * 60_000;

/** How long to wait after so many failed attempts, in milliseconds. */
export function retryWaitMs(attemptCount: number): number {
  return Math.min(waitMaxMs, firstWaitMs * 2 ** Math.min(30, Math.max(0, attemptCount - 1)));
}
