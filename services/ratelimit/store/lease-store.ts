import type { BucketView } from '../domain/bucket.ts';

/** What a bucket granted. */
export interface Grant {
  /** Names the lease; empty where nothing was granted. */
  readonly leaseId: string;
  /** Tokens granted: 0 up to those wanted. */
  readonly tokens: number;
  /** How long they may be used; 0 where nothing was granted. */
  readonly expireAfterMicros: number;
  /** Whole tokens left in the bucket. */
  readonly remaining: number;
  /** Where nothing was granted: until the next token is there, if nothing is released before. */
  readonly retryAfterMicros: number;
}

/** How long a lease lives. */
export const leaseMicros = 10_000_000;

/**
 * The buckets of the whole mesh. Each call is atomic: calls from any number of edges are as if one came after the
 * other. A bucket that the store does not know is full.
 */
export interface LeaseStore {
  /** Takes up to `wants` tokens out of the bucket; refused, it changes nothing. */
  acquire(bucketKey: string, limit: number, wants: number): Promise<Grant>;
  /** Gives unused tokens back: once a lease, never more than it had, and none when its time is over. */
  release(leaseId: string, unused: number): Promise<void>;
  /** What the bucket has; takes nothing. */
  view(bucketKey: string, limit: number): Promise<BucketView>;
}
