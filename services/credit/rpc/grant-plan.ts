import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { LedgerService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { planGrant } from '../domain/grant.ts';
import { periodOf } from '../domain/period.ts';
import type { PostgresLedgerStore } from '../store/postgres-ledger-store.ts';
import { toGrantMessage } from './messages.ts';

/** Gives an organization the allocation of its plan for the current month, once. The next months follow the plan. */
export function grantPlan(deps: {
  readonly store: PostgresLedgerStore;
  readonly clock: Clock;
  readonly tiers: TierTable;
}): Handler<typeof LedgerService.method.grantPlan> {
  return async ({ organizationId, plan: planId }) => {
    const plan = deps.tiers.findPlan(planId);
    if (!plan) {
      const description = `must be one of ${deps.tiers.plans.map(({ id }) => id).join(', ')}`;
      throw rpcError(ErrorReason.INVALID_REQUEST, 'there is no such plan', {
        violations: [{ field: 'plan', description }],
      });
    }
    const nowMs = deps.clock.now();
    await deps.store.setPlan(organizationId, plan.id, nowMs);
    const { grant, created } = await deps.store.give(planGrant(organizationId, plan, periodOf(nowMs)), nowMs);
    return { grant: toGrantMessage(grant), created };
  };
}
