import type { Plan } from '../../mesh/plan/tier-table.ts';
import type { Period } from './period.ts';

/** The ledger counts micro-credits; a credit is $0.001 of list provider cost. */
const microsPerCredit = 1_000_000n;

/** Credits to be given. */
export interface GrantOrder {
  readonly organizationId: string;
  /** Names the order: however often it is placed, there is one grant. */
  readonly idempotencyKey: string;
  /** Where it comes from, such as `plan:standard`. */
  readonly source: string;
  /** Grants with a smaller number are used first. */
  readonly priority: number;
  readonly amountMicros: bigint;
  /** When the rest of it ends; absent means never. */
  readonly expireTime?: Date;
}

/** Credits given. */
export interface Grant {
  readonly grantId: string;
  readonly source: string;
  readonly amountMicros: bigint;
  readonly availableMicros: bigint;
  readonly createTime: Date;
  readonly expireTime: Date | null;
}

/** Allocations end soonest, so they are used before credits that were bought. */
const planPriority = 10;

/** The name of an organization's allocation for a month. The plan is no part of it: a month has one allocation. */
export function planGrantKey(organizationId: string, period: Period): string {
  return `plan:${organizationId}:${period.name}`;
}

/** The allocation of a plan for a month. */
export function planGrant(organizationId: string, plan: Plan, period: Period): GrantOrder {
  return {
    organizationId,
    idempotencyKey: planGrantKey(organizationId, period),
    source: `plan:${plan.id}`,
    priority: planPriority,
    amountMicros: BigInt(plan.creditsPerMonth) * microsPerCredit,
    expireTime: period.end,
  };
}
