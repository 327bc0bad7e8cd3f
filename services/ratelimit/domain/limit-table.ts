import { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LimitSubject } from '../../mesh/limit/limit-subject.ts';

/** A category that limits: all but `UNSPECIFIED`. */
export type LimitedCategory = Exclude<LimitCategory, LimitCategory.UNSPECIFIED>;

/** A plan that has a column in the table. */
export type LimitedPlan = 'free' | 'standard' | 'enterprise' | 'premium';

const row = (free: number, standard: number, enterprise: number, premium: number) => ({
  free,
  standard,
  enterprise,
  premium,
});

/** Requests per minute by category and plan: the one source of every limit. */
const limitTable: Readonly<Record<LimitedCategory, Readonly<Record<LimitedPlan, number>>>> = {
  [LimitCategory.AUTH]: row(10, 20, 50, 100),
  [LimitCategory.ACCOUNT]: row(60, 600, 1_000, 3_000),
  [LimitCategory.STATUS]: row(120, 600, 3_000, 10_000),
  [LimitCategory.STREAM]: row(5, 10, 30, 100),
  [LimitCategory.GRAPH_READ]: row(100, 500, 2_000, 10_000),
  [LimitCategory.GRAPH_WRITE]: row(20, 100, 500, 5_000),
  [LimitCategory.GRAPH_QUERY]: row(20, 60, 300, 3_000),
  [LimitCategory.GRAPH_IMPORT]: row(2, 50, 200, 1_000),
  [LimitCategory.GRAPH_BACKUP]: row(2, 10, 50, 200),
  [LimitCategory.GRAPH_ANALYTICS]: row(10, 50, 200, 2_000),
  [LimitCategory.MCP]: row(10, 100, 500, 5_000),
  [LimitCategory.AI]: row(2, 10, 50, 200),
};

/** The categories, in the order of the contract. */
export const limitedCategories: readonly LimitedCategory[] = Object.keys(limitTable).map(
  (category): LimitedCategory => Number(category),
);

/** The largest limit: up to here a bucket counts exactly in doubles. */
export const limitMax = 100_000_000;

/** The plan whose limits hold: an unknown plan has those of `free`. */
export function toLimitedPlan(plan: string): LimitedPlan {
  return plan === 'standard' || plan === 'enterprise' || plan === 'premium' ? plan : 'free';
}

/**
 * The subject's limit in requests per minute: 1 to `limitMax`. An address has a tenth of `free`, but all of it for
 * AUTH, whose calls never come with a credential (docs/adr/0003).
 */
export function findLimit(subject: LimitSubject, category: LimitedCategory, scale: number): number {
  const limits = limitTable[category];
  const limit =
    'address' in subject ? addressLimit(limits.free, category) : limits[toLimitedPlan(subject.plan)];
  return Math.min(limitMax, Math.max(1, Math.round(limit * scale)));
}

function addressLimit(free: number, category: LimitedCategory): number {
  return category === LimitCategory.AUTH ? free : Math.max(1, Math.floor(free / 10));
}
