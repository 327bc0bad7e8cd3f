import { setTimeout } from 'node:timers/promises';

/** What a neighbour saw in one span of time. */
export interface Seen {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly calls: number;
  readonly failed: readonly string[];
}

/**
 * Calls at fixed times, whether or not those before were answered, and takes each one's latency from the time it
 * was due: one that had to wait for its turn counts in full.
 */
export async function pacedLoad(
  call: (index: number) => Promise<unknown>,
  perSecond: number,
  seconds: number,
): Promise<Seen> {
  const latencies: number[] = [];
  const failed: string[] = [];
  const startMs = performance.now();
  const count = perSecond * seconds;
  const calls: Promise<void>[] = [];
  for (let index = 0; index < count; index++) {
    const dueMs = startMs + (index * 1000) / perSecond;
    const waitMs = dueMs - performance.now();
    if (waitMs > 0) await setTimeout(waitMs);
    // The timer of this process is no more exact than a millisecond.
    const fromMs = Math.max(dueMs, Math.min(performance.now(), dueMs + 1));
    const made = call(index).then(
      () => void latencies.push(performance.now() - fromMs),
      (error: Error) => void failed.push(error.message),
    );
    calls.push(made);
  }
  await Promise.all(calls);
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
  return { p50Ms: quantile(0.5), p99Ms: quantile(0.99), calls: count, failed };
}
