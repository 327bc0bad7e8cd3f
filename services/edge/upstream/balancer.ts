import { createHealth, endInterval, type Health, isEjected, outlierTimes } from './outlier.ts';

/** An endpoint, and what the edge knows of it. */
export interface Candidate {
  readonly address: string;
  readonly health: Health;
  /** Calls under way. */
  outstanding: number;
}

export interface BalancerOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** Picks the endpoint of each call: of two at random the one with fewer calls under way. */
export class Balancer {
  readonly #now: () => number;
  readonly #random: () => number;
  #candidates: readonly Candidate[] = [];
  #intervalEndMs: number;

  constructor({ now, random }: BalancerOptions) {
    this.#now = now;
    this.#random = random;
    this.#intervalEndMs = now() + outlierTimes.intervalMs;
  }

  /** The endpoints that there are now. What is known of those that stay is kept. */
  update(addresses: readonly string[]): void {
    const known = new Map(this.#candidates.map((candidate) => [candidate.address, candidate]));
    this.#candidates = [...new Set(addresses)].map(
      (address) => known.get(address) ?? { address, health: createHealth(), outstanding: 0 },
    );
  }

  /** An endpoint for a call that these have already failed; they only come again where there is no other. */
  pick(tried: readonly Candidate[]): Candidate | undefined {
    const nowMs = this.#now();
    if (nowMs >= this.#intervalEndMs) this.#endInterval(nowMs);
    const all = this.#candidates;
    if (all.length <= 1) return all[0];
    const untried = tried.length === 0 ? all : all.filter((candidate) => !tried.includes(candidate));
    const good = untried.filter(({ health }) => !isEjected(health, nowMs));
    return this.#lessLoaded([good, untried, all].find(({ length }) => length > 0) ?? []);
  }

  #lessLoaded(candidates: readonly Candidate[]): Candidate | undefined {
    const { length } = candidates;
    const first = Math.floor(this.#random() * length);
    const a = candidates[first];
    if (length < 2) return a;
    const b = candidates[(first + 1 + Math.floor(this.#random() * (length - 1))) % length];
    return a && b && b.outstanding < a.outstanding ? b : a;
  }

  #endInterval(nowMs: number): void {
    this.#intervalEndMs = nowMs + outlierTimes.intervalMs;
    endInterval(
      this.#candidates.map(({ health }) => health),
      nowMs,
    );
  }
}
