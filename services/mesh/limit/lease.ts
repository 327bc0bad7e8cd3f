import type { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LimitSubject } from './limit-subject.ts';

/** What an edge asks the lease service for. */
export interface LeaseRequest {
  readonly subject: LimitSubject;
  readonly category: LimitCategory;
  /** Tokens wanted: 1 to `wantsMax`. */
  readonly wants: number;
}

/** What the lease service answers. */
export interface LeaseGrant {
  /** Empty where nothing was granted. */
  readonly leaseId: string;
  /** Tokens granted: 0 up to those wanted. */
  readonly granted: number;
  /** How long they may be used. */
  readonly expireAfterMs: number;
  /** The bucket's limit in requests per minute. */
  readonly limit: number;
  /** Tokens left in the bucket. */
  readonly remaining: number;
  /** Where nothing was granted: until the next token comes. */
  readonly retryAfterMs: number;
}

/** The most tokens that the contract lets anyone ask for. */
export const wantsMax = 1_000_000;

/** Takes tokens on lease. Rejects where the service cannot be reached; must settle within a bounded time. */
export type AcquireLease = (request: LeaseRequest) => Promise<LeaseGrant>;

/** Gives unused tokens back; 0 says that the lease is used up. */
export type ReleaseLease = (leaseId: string, unused: number) => Promise<void>;
