import { setTimeout } from 'node:timers/promises';

/** What a neighbour saw in one or more spans of time. */
export interface Seen {
  readonly latenciesMs: readonly number[];
  /** Why calls failed, one each. */
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
  return { latenciesMs: latencies, failed };
}

/** Several spans as one. */
export function together(spans: readonly Seen[]): Seen {
  return {
    latenciesMs: spans.flatMap(({ latenciesMs }) => latenciesMs),
    failed: spans.flatMap(({ failed }) => failed),
  };
}

/** The latency that this share of the calls does not exceed; NaN where none was answered. */
export function quantile({ latenciesMs }: Seen, share: number): number {
  const sorted = latenciesMs.toSorted((a, b) => a - b);
  return sorted[Math.floor(share * (sorted.length - 1))] ?? Number.NaN;
}
