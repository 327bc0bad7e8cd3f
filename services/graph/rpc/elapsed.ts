/** Milliseconds since a reading of `performance.now()`, in whole microseconds. */
export function elapsedMsSince(startedMs: number): number {
  return Math.round((performance.now() - startedMs) * 1_000) / 1_000;
}
