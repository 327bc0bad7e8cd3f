/** A token bucket on this edge alone, for the time without a lease service. */
export interface SafeRate {
  /** Requests per minute; also the capacity. */
  readonly limit: number;
  /** Tokens, with fractions. */
  level: number;
  atMs: number;
}

/** A bucket with these tokens now. */
export function createSafeRate(limit: number, level: number, nowMs: number): SafeRate {
  return { limit, level: Math.min(level, limit), atMs: nowMs };
}

/** Takes a token: 0 where there was one, else the milliseconds until there is. Refused, it takes nothing. */
export function takeSafely(rate: SafeRate, nowMs: number): number {
  const elapsedMs = Math.max(0, nowMs - rate.atMs);
  rate.level = Math.min(rate.limit, rate.level + (elapsedMs * rate.limit) / 60_000);
  rate.atMs = Math.max(rate.atMs, nowMs);
  if (rate.level < 1) return ((1 - rate.level) * 60_000) / rate.limit;
  rate.level -= 1;
  return 0;
}
