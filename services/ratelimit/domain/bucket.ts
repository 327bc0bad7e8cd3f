/**
 * A token bucket that leases its tokens. All arithmetic is on integers below 2^53, so nothing drifts: a token is
 * 60,000,000 units, and a bucket with limit L gains L units each microsecond.
 *
 * Tokens out on lease still fill their place: what is in the bucket and what is leased are together never more
 * than the capacity. So in any span of time no more can be used than the capacity and what the span refills, no
 * matter when within its life a lease is used.
 */
export interface Bucket {
  /** Requests per minute; also the capacity in tokens. */
  limit: number;
  /** What is in the bucket at `atMicros`, in units. */
  level: number;
  atMicros: number;
  /** Tokens out on lease at `atMicros`. */
  leased: number;
  /** The leases that have not ended, the first to end first. */
  readonly leases: Map<string, Lease>;
}

interface Lease {
  readonly tokens: number;
  readonly endMicros: number;
}

/** What a bucket has. */
export interface BucketView {
  /** Whole tokens in the bucket; those out on lease are not among them. */
  readonly remaining: number;
  /** Until the bucket is full, if nothing is taken and no lease is released. */
  readonly resetMicros: number;
}

const unitsPerToken = 60_000_000;

/** A lease is at most this part of what the bucket has, so that no edge takes what another one needs. */
const leaseShare = 4;

/** A bucket that nobody has drawn from. */
export function createBucket(limit: number, nowMicros: number): Bucket {
  return { limit, level: limit * unitsPerToken, atMicros: nowMicros, leased: 0, leases: new Map() };
}

/** Brings the bucket to now: refills it and ends the leases whose time is over, each at its own moment. */
export function advanceBucket(bucket: Bucket, nowMicros: number): void {
  for (const [leaseId, lease] of bucket.leases) {
    if (lease.endMicros > nowMicros) break;
    refill(bucket, lease.endMicros);
    bucket.leases.delete(leaseId);
    bucket.leased -= lease.tokens;
  }
  refill(bucket, nowMicros);
}

/** Sets another limit from now on. Tokens beyond the new capacity are gone; a higher limit begins to refill. */
export function setBucketLimit(bucket: Bucket, limit: number, nowMicros: number): void {
  if (bucket.limit === limit) return;
  advanceBucket(bucket, nowMicros);
  bucket.limit = limit;
  bucket.level = Math.min(bucket.level, ceiling(bucket));
}

/** Takes up to `wants` tokens out on lease: none, or at least one and at most a quarter of what is left. */
export function leaseTokens(
  bucket: Bucket,
  lease: { readonly id: string; readonly wants: number; readonly endMicros: number },
  nowMicros: number,
): number {
  advanceBucket(bucket, nowMicros);
  const whole = wholeTokens(bucket);
  const tokens = Math.min(lease.wants, whole, Math.max(1, Math.floor(whole / leaseShare)));
  if (tokens === 0) return 0;
  bucket.level -= tokens * unitsPerToken;
  bucket.leased += tokens;
  bucket.leases.set(lease.id, { tokens, endMicros: lease.endMicros });
  return tokens;
}

/** Ends a lease and takes its unused tokens back. A lease that has ended has nothing to give. */
export function releaseTokens(bucket: Bucket, leaseId: string, unused: number, nowMicros: number): void {
  advanceBucket(bucket, nowMicros);
  const lease = bucket.leases.get(leaseId);
  if (!lease) return;
  bucket.leases.delete(leaseId);
  bucket.leased -= lease.tokens;
  bucket.level += Math.min(unused, lease.tokens) * unitsPerToken;
  bucket.level = Math.min(bucket.level, ceiling(bucket));
}

/** What the bucket has now. */
export function viewBucket(bucket: Bucket, nowMicros: number): BucketView {
  advanceBucket(bucket, nowMicros);
  return {
    remaining: wholeTokens(bucket),
    resetMicros: microsUntil(bucket, bucket.limit * unitsPerToken),
  };
}

/** Whole tokens in the bucket. The bucket must be at now. */
export function wholeTokens(bucket: Bucket): number {
  return Math.floor(bucket.level / unitsPerToken);
}

/** Until the next whole token is there, if nothing is released; 0 where one is. The bucket must be at now. */
export function microsUntilToken(bucket: Bucket): number {
  return microsUntil(bucket, unitsPerToken);
}

/** True where the bucket is as if nobody had drawn from it, so that it need not be kept. */
export function isIdle(bucket: Bucket, nowMicros: number): boolean {
  advanceBucket(bucket, nowMicros);
  return bucket.leased === 0 && bucket.level === bucket.limit * unitsPerToken;
}

function refill(bucket: Bucket, nowMicros: number): void {
  if (nowMicros <= bucket.atMicros) return;
  bucket.level = refilled(bucket, bucket.level, bucket.leased, nowMicros - bucket.atMicros);
  bucket.atMicros = nowMicros;
}

function refilled(bucket: Bucket, level: number, leased: number, elapsedMicros: number): number {
  // A minute fills any bucket; a longer span would only leave the exact integers.
  const gain = Math.min(elapsedMicros, unitsPerToken) * bucket.limit;
  return Math.min(level + gain, ceiling(bucket, leased));
}

/** The most that may be in the bucket beside what is leased, in units. */
function ceiling(bucket: Bucket, leased = bucket.leased): number {
  return Math.max(0, bucket.limit - leased) * unitsPerToken;
}

/** Walks through the ends of the leases, because each one lets the bucket fill further. */
function microsUntil(bucket: Bucket, target: number): number {
  let { level, leased, atMicros } = bucket;
  for (const lease of bucket.leases.values()) {
    const reached = atMicros + Math.ceil((target - level) / bucket.limit);
    if (target <= ceiling(bucket, leased) && reached <= lease.endMicros) break;
    level = refilled(bucket, level, leased, lease.endMicros - atMicros);
    leased -= lease.tokens;
    atMicros = lease.endMicros;
  }
  return Math.max(0, atMicros + Math.ceil((target - level) / bucket.limit) - bucket.atMicros);
}
