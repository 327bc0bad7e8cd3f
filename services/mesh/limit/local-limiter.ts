import { LRUCache } from 'lru-cache';
import type { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { AcquireLease, LeaseGrant, ReleaseLease } from './lease.ts';
import { type LimitSubject, toSubjectKey } from './limit-subject.ts';
import {
  createLocalBucket,
  isRunningLow,
  type LocalBucket,
  type LocalLease,
  toLocalLease,
  wantedTokens,
} from './local-bucket.ts';
import { createSafeRate, takeSafely } from './safe-rate.ts';

/** What became of one call. Being refused is an answer, not an error. */
export type Decision =
  | {
      readonly allowed: true;
      /** Requests per minute. */
      readonly limit: number;
      /** About how many tokens are left, as far as this edge knows. */
      readonly remaining: number;
      /** About how long until the bucket is full, if nothing more is taken. */
      readonly resetMs: number;
    }
  | { readonly allowed: false; readonly limit: number; readonly retryAfterMs: number };

export interface LocalLimiterOptions {
  readonly acquire: AcquireLease;
  readonly release: ReleaseLease;
  /** Milliseconds that never go back; fractions are welcome. */
  readonly clock: () => number;
  /** The most buckets known at a time; the least recently used goes first. */
  readonly bucketsMax?: number;
  /** Requests per minute, without a lease service, for a plan and category that this edge never had a lease of. */
  readonly unknownLimit?: number;
  /** Told once each time that the lease service is lost (with the cause) or found again (without). */
  readonly onServiceChange?: (lost: { readonly cause: unknown } | undefined) => void;
}

/** The limits at an edge, decided in memory. */
export interface LocalLimiter {
  /** Takes one token: at once while leased tokens are there, else after one call to the lease service. */
  take(subject: LimitSubject, category: LimitCategory): Decision | Promise<Decision>;
  /** Gives back what is left of leases that near their end. To be called about once a second. */
  sweep(): void;
  /** Gives everything back and refuses from then on. */
  close(): Promise<void>;
}

/** While the lease service is gone, it is asked again this often. */
const probeIntervalMs = 1_000;

/** Limits remembered by plan and category. Plans come from verified principals, so there are few. */
const limitsMax = 1_000;

/**
 * A limiter over leased tokens. Over any number of edges it admits no more than the limit. While the lease service
 * is gone, each edge admits each bucket the last known limit by itself: what the bucket had left when it was last
 * heard of, refilled at the limit's rate.
 */
export function createLocalLimiter(options: LocalLimiterOptions): LocalLimiter {
  return new LeasingLimiter(options);
}

class LeasingLimiter implements LocalLimiter {
  readonly #options: LocalLimiterOptions;
  readonly #unknownLimit: number;
  readonly #buckets: LRUCache<string, LocalBucket>;
  /** The leases not given back yet, the first to end first. */
  readonly #leases = new Set<LocalLease>();
  /** The last limit of each plan and category, for callers that this edge first sees while the service is gone. */
  readonly #limits = new LRUCache<string, number>({ max: limitsMax });
  readonly #pending = new Set<Promise<void>>();
  #serviceLost = false;
  #probeMs = 0;
  #closed = false;

  constructor(options: LocalLimiterOptions) {
    this.#options = options;
    this.#unknownLimit = options.unknownLimit ?? 10;
    this.#buckets = new LRUCache({
      max: options.bucketsMax ?? 100_000,
      dispose: (bucket) => this.#evict(bucket),
    });
  }

  take(subject: LimitSubject, category: LimitCategory): Decision | Promise<Decision> {
    const nowMs = this.#options.clock();
    if (this.#closed) return { allowed: false, limit: 0, retryAfterMs: probeIntervalMs };
    const bucket = this.#bucket(subject, category, nowMs);
    bucket.demand += 1;
    return this.#decide(bucket, nowMs) ?? this.#takeLater(bucket);
  }

  sweep(): void {
    const nowMs = this.#options.clock();
    for (const lease of this.#leases) {
      if (lease.endMs > nowMs) break;
      this.#giveBack(lease);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#buckets.clear();
    while (this.#pending.size > 0) await Promise.all(this.#pending);
  }

  #bucket(subject: LimitSubject, category: LimitCategory, nowMs: number): LocalBucket {
    const key = `${category}/${toSubjectKey(subject)}`;
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = createLocalBucket(subject, category, nowMs);
      this.#buckets.set(key, bucket);
    }
    bucket.subject = subject;
    return bucket;
  }

  /** Decides without a call; undefined where only the lease service knows. */
  #decide(bucket: LocalBucket, nowMs: number): Decision | undefined {
    for (let lease = bucket.leases[0]; lease; lease = bucket.leases[0]) {
      if (lease.endMs > nowMs && lease.unused > 0) return this.#use(bucket, lease, nowMs);
      bucket.leases.shift();
      this.#giveBack(lease);
    }
    if (bucket.deniedUntilMs > nowMs) {
      return { allowed: false, limit: bucket.limit, retryAfterMs: bucket.deniedUntilMs - nowMs };
    }
    return this.#serviceLost ? this.#decideAlone(bucket, nowMs) : undefined;
  }

  #use(bucket: LocalBucket, lease: LocalLease, nowMs: number): Decision {
    lease.unused -= 1;
    if (lease.unused === 0) {
      bucket.leases.shift();
      this.#giveBack(lease);
    }
    if (isRunningLow(bucket, lease) && !this.#serviceLost && bucket.deniedUntilMs <= nowMs) {
      this.#startAcquire(bucket, nowMs);
    }
    const unused = bucket.leases.reduce((sum, other) => sum + other.unused, 0);
    return allowed(bucket.limit, bucket.remaining + unused);
  }

  /** Waits for tokens with everybody else who wants some of this bucket; each round grants one or refuses all. */
  async #takeLater(bucket: LocalBucket): Promise<Decision> {
    for (;;) {
      bucket.waiting += 1;
      await this.#startAcquire(bucket, this.#options.clock());
      bucket.waiting -= 1;
      const decision = this.#closed
        ? { allowed: false as const, limit: bucket.limit, retryAfterMs: probeIntervalMs }
        : this.#decide(bucket, this.#options.clock());
      if (!decision) continue;
      if (bucket.evicted && bucket.waiting === 0) this.#evict(bucket);
      return decision;
    }
  }

  /** The one acquire of the bucket, begun where none is under way. It never rejects. */
  #startAcquire(bucket: LocalBucket, nowMs: number): Promise<void> {
    if (bucket.acquiring) return bucket.acquiring;
    bucket.acquiring = this.#track(
      Promise.resolve().then(async () => {
        try {
          const wants = wantedTokens(bucket, nowMs);
          const { subject, category } = bucket;
          this.#receive(bucket, await this.#options.acquire({ subject, category, wants }), nowMs);
          this.#setServiceLost(undefined);
        } catch (cause) {
          this.#probeMs = this.#options.clock() + probeIntervalMs;
          this.#setServiceLost({ cause });
        } finally {
          bucket.acquiring = undefined;
        }
      }),
    );
    return bucket.acquiring;
  }

  #receive(bucket: LocalBucket, grant: LeaseGrant, askedMs: number): void {
    const nowMs = this.#options.clock();
    bucket.limit = grant.limit;
    bucket.remaining = grant.remaining;
    bucket.toldMs = nowMs;
    bucket.safeRate = undefined;
    this.#limits.set(limitKey(bucket), grant.limit);
    if (grant.granted === 0) {
      // At least a moment, or an answer of "none, but come back at once" would keep a waiting call in a loop.
      bucket.deniedUntilMs = nowMs + Math.max(1, grant.retryAfterMs);
      return;
    }
    const lease = toLocalLease(grant, askedMs);
    this.#leases.add(lease);
    bucket.leases.push(lease);
    if (bucket.evicted && bucket.waiting === 0) this.#evict(bucket);
  }

  #decideAlone(bucket: LocalBucket, nowMs: number): Decision {
    if (nowMs >= this.#probeMs) {
      this.#probeMs = nowMs + probeIntervalMs;
      this.#startAcquire(bucket, nowMs);
    }
    if (!bucket.safeRate) {
      const limit = bucket.limit || (this.#limits.get(limitKey(bucket)) ?? this.#unknownLimit);
      bucket.safeRate = bucket.limit
        ? createSafeRate(limit, bucket.remaining, bucket.toldMs)
        : createSafeRate(limit, limit, nowMs);
    }
    const { safeRate } = bucket;
    const retryAfterMs = takeSafely(safeRate, nowMs);
    if (retryAfterMs > 0) return { allowed: false, limit: safeRate.limit, retryAfterMs };
    return allowed(safeRate.limit, Math.floor(safeRate.level));
  }

  #evict(bucket: LocalBucket): void {
    bucket.evicted = true;
    for (const lease of bucket.leases.splice(0)) this.#giveBack(lease);
  }

  /** Ends a lease, once. Used up, too, it is told: the bucket refills no place that a lease still fills. */
  #giveBack(lease: LocalLease): void {
    if (!this.#leases.delete(lease)) return;
    const { unused } = lease;
    lease.unused = 0;
    // What cannot be given back ends with the lease.
    this.#track(Promise.resolve(this.#options.release(lease.leaseId, unused)).catch(() => {}));
  }

  #setServiceLost(lost: { readonly cause: unknown } | undefined): void {
    if (this.#serviceLost === (lost !== undefined)) return;
    this.#serviceLost = lost !== undefined;
    this.#options.onServiceChange?.(lost);
  }

  #track(work: Promise<void>): Promise<void> {
    this.#pending.add(work);
    return work.finally(() => this.#pending.delete(work));
  }
}

function limitKey({ subject, category }: LocalBucket): string {
  return 'address' in subject ? `${category}/` : `${category}/${subject.plan}`;
}

function allowed(limit: number, left: number): Decision {
  const remaining = Math.min(limit, left);
  return { allowed: true, limit, remaining, resetMs: ((limit - remaining) * 60_000) / limit };
}
