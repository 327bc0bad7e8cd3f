/** How long to wait after so many failures in a row: `firstMs`, then double, up to `maxMs`. */
export function backOffMs(failures: number, firstMs: number, maxMs: number): number {
  return Math.min(maxMs, firstMs * 2 ** Math.min(failures - 1, 30));
}

/** Before an engine process is started again: at once after the first failure, then 50 ms, doubling up to 1 s. */
export function respawnDelayMs(failures: number): number {
  return failures <= 1 ? 0 : backOffMs(failures - 1, 50, 1_000);
}
