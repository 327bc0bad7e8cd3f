import type { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { type LeaseGrant, wantsMax } from './lease.ts';
import type { LimitSubject } from './limit-subject.ts';
import type { SafeRate } from './safe-rate.ts';

/** Tokens that this edge may hand out. */
export interface LocalLease {
  readonly leaseId: string;
  readonly granted: number;
  /** After this no token of it is handed out any more, so that the rest can go back in time. */
  readonly endMs: number;
  unused: number;
}

/** What an edge knows of one bucket. */
export interface LocalBucket {
  subject: LimitSubject;
  readonly category: LimitCategory;
  /** The leases with tokens, the first to end first; mostly one, two around a refill. */
  readonly leases: LocalLease[];
  /** The limit, as last told; 0 before the first answer. */
  limit: number;
  /** Tokens left in the bucket, as last told. */
  remaining: number;
  toldMs: number;
  /** No token will come before this. */
  deniedUntilMs: number;
  /** The acquire under way: at most one. */
  acquiring: Promise<void> | undefined;
  /** Callers that wait for it. */
  waiting: number;
  /** Decisions asked for since `demandSinceMs`. */
  demand: number;
  demandSinceMs: number;
  /** Decides while the lease service is gone. */
  safeRate: SafeRate | undefined;
  evicted: boolean;
}

/** A lease is used for this part of its life; the rest is the time for giving back what is left. */
const usedPart = 0.8;

/** A lease is asked for what is needed this long. */
const horizonMs = 2_000;

/** Demand is measured over at least this time, so that a few calls at once do not look like a flood. */
const demandWindowMs = 1_000;

/** The next lease is fetched when this part of the last one is left, so that callers need not wait for it. */
const refillPart = 0.25;

/** Leases smaller than this are not refilled ahead: near the limit every token is somebody else's, too. */
const refillTokensMin = 8;

export function createLocalBucket(
  subject: LimitSubject,
  category: LimitCategory,
  nowMs: number,
): LocalBucket {
  return {
    subject,
    category,
    leases: [],
    limit: 0,
    remaining: 0,
    toldMs: nowMs,
    deniedUntilMs: 0,
    acquiring: undefined,
    waiting: 0,
    demand: 0,
    demandSinceMs: nowMs,
    safeRate: undefined,
    evicted: false,
  };
}

/** The lease of an answer. Its life counts from when it was asked for, so that it ends here before it ends there. */
export function toLocalLease(grant: LeaseGrant, askedMs: number): LocalLease {
  return {
    leaseId: grant.leaseId,
    granted: grant.granted,
    endMs: askedMs + grant.expireAfterMs * usedPart,
    unused: grant.granted,
  };
}

/**
 * Tokens to ask for: for those who wait, and for what the observed rate needs in a while (Doorman's `wants`). Begins a new measurement
 * where the last one has lasted long enough.
 */
export function wantedTokens(bucket: LocalBucket, nowMs: number): number {
  const elapsedMs = nowMs - bucket.demandSinceMs;
  const expected = Math.ceil((bucket.demand * horizonMs) / Math.max(elapsedMs, demandWindowMs));
  if (elapsedMs >= demandWindowMs) {
    bucket.demand = 0;
    bucket.demandSinceMs = nowMs;
  }
  return Math.min(wantsMax, Math.max(1, bucket.waiting, expected));
}

/** True where the next lease should be on its way already. */
export function isRunningLow(bucket: LocalBucket, lease: LocalLease): boolean {
  return (
    lease.granted >= refillTokensMin &&
    lease.unused <= lease.granted * refillPart &&
    bucket.leases.length === 1
  );
}
