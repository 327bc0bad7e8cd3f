import type { CreditService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import type { Handler } from '../../mesh/rpc/service.ts';

/** Lists the plans, cheapest first. */
export function listPlans({ plans }: TierTable): Handler<typeof CreditService.method.listPlans> {
  return async () => ({ plans: plans.map(({ id, ...plan }) => ({ planId: id, ...plan })) });
}
