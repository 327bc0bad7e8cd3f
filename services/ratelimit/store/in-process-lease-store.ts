import type { IdGenerator } from '../../mesh/id/id.ts';
import {
  type Bucket,
  type BucketView,
  createBucket,
  isIdle,
  leaseTokens,
  microsUntilToken,
  releaseTokens,
  setBucketLimit,
  viewBucket,
  wholeTokens,
} from '../domain/bucket.ts';
import { type Grant, type LeaseStore, leaseMicros } from './lease-store.ts';

export interface InProcessLeaseStoreOptions {
  /** Microseconds from any beginning, whole. A clock that goes back stands still instead. */
  readonly nowMicros: () => number;
  readonly createId: IdGenerator;
  /** The most buckets kept; about 300 bytes each. */
  readonly bucketsMax?: number;
}

/** How long a bucket is told to wait when there is no place for it. */
const noPlaceRetryMicros = 1_000_000;

/** Buckets looked at for each call, to forget those that are idle. */
const idleLooksPerCall = 2;

/**
 * Buckets in memory. It forgets a bucket that is full again, which changes nothing. When it has as many as it may
 * and none is full, it refuses new ones for a second: forgetting a drained bucket would fill it.
 */
export class InProcessLeaseStore implements LeaseStore {
  /** The least recently used first. */
  readonly #buckets = new Map<string, Bucket>();
  /** The bucket of each lease, the first to end first. */
  readonly #leases = new Map<string, { readonly bucketKey: string; readonly endMicros: number }>();
  readonly #nowMicros: () => number;
  readonly #createId: IdGenerator;
  readonly #bucketsMax: number;
  #lastMicros = Number.NEGATIVE_INFINITY;

  constructor({ nowMicros, createId, bucketsMax = 500_000 }: InProcessLeaseStoreOptions) {
    this.#nowMicros = nowMicros;
    this.#createId = createId;
    this.#bucketsMax = bucketsMax;
  }

  /** Buckets kept now. */
  get size(): number {
    return this.#buckets.size;
  }

  async acquire(bucketKey: string, limit: number, wants: number): Promise<Grant> {
    const nowMicros = this.#advance();
    const bucket = this.#use(bucketKey, limit, nowMicros);
    if (!bucket) return { ...nothing, remaining: 0, retryAfterMicros: noPlaceRetryMicros };
    const lease = { id: this.#createId('lse'), wants, endMicros: nowMicros + leaseMicros };
    const tokens = leaseTokens(bucket, lease, nowMicros);
    const remaining = wholeTokens(bucket);
    if (tokens === 0) return { ...nothing, remaining, retryAfterMicros: microsUntilToken(bucket) };
    this.#leases.set(lease.id, { bucketKey, endMicros: lease.endMicros });
    return { leaseId: lease.id, tokens, expireAfterMicros: leaseMicros, remaining, retryAfterMicros: 0 };
  }

  async release(leaseId: string, unused: number): Promise<void> {
    const nowMicros = this.#advance();
    const lease = this.#leases.get(leaseId);
    const bucket = lease && this.#buckets.get(lease.bucketKey);
    this.#leases.delete(leaseId);
    if (bucket) releaseTokens(bucket, leaseId, unused, nowMicros);
  }

  async view(bucketKey: string, limit: number): Promise<BucketView> {
    const nowMicros = this.#advance();
    const bucket = this.#buckets.get(bucketKey) ?? createBucket(limit, nowMicros);
    setBucketLimit(bucket, limit, nowMicros);
    return viewBucket(bucket, nowMicros);
  }

  /** The bucket, made where there is none; undefined where there is no place for it. */
  #use(bucketKey: string, limit: number, nowMicros: number): Bucket | undefined {
    let bucket = this.#buckets.get(bucketKey);
    if (bucket) {
      this.#buckets.delete(bucketKey);
      setBucketLimit(bucket, limit, nowMicros);
    } else {
      if (this.#buckets.size >= this.#bucketsMax) return undefined;
      bucket = createBucket(limit, nowMicros);
    }
    this.#buckets.set(bucketKey, bucket);
    return bucket;
  }

  /** Comes to now: forgets leases that have ended, and a few buckets that are idle. */
  #advance(): number {
    this.#lastMicros = Math.max(this.#lastMicros, this.#nowMicros());
    for (const [leaseId, lease] of this.#leases) {
      if (lease.endMicros > this.#lastMicros) break;
      this.#leases.delete(leaseId);
    }
    let looks = idleLooksPerCall;
    for (const [bucketKey, bucket] of this.#buckets) {
      if (looks-- === 0 || !isIdle(bucket, this.#lastMicros)) break;
      this.#buckets.delete(bucketKey);
    }
    return this.#lastMicros;
  }
}

const nothing = { leaseId: '', tokens: 0, expireAfterMicros: 0 };
