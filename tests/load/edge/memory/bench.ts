import type { EdgeProcess } from './edge-process.ts';
import type { Upstream } from './upstream.ts';

/** What every part of the measurement works with. */
export interface Bench {
  readonly edge: EdgeProcess;
  readonly upstream: Upstream;
  readonly apiKey: string;
  /** Says what is broken; the run goes on and fails in the end. */
  readonly fail: (what: string) => void;
}

/** The loopback address of the nth connection: the edge lets one address have 1,000 of them. */
export function addressOf(n: number): string {
  return `127.0.0.${2 + Math.floor(n / 250)}`;
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}

export function kibibytes(bytes: number): string {
  return `${(bytes / 1_024).toFixed(1)} KiB`;
}

/** Does work for each of many, some at a time. */
export async function inBatches<T>(
  count: number,
  work: (n: number) => Promise<T>,
  atOnce = 50,
): Promise<T[]> {
  const done: T[] = [];
  for (let from = 0; from < count; from += atOnce) {
    const numbers = Array.from({ length: Math.min(atOnce, count - from) }, (_, i) => from + i);
    done.push(...(await Promise.all(numbers.map(work))));
  }
  return done;
}
