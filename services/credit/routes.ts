import { CreditService, LedgerService } from '../../gen/trellis/credit/v1/credit_pb.js';
import type { TierTable } from '../mesh/plan/tier-table.ts';
import type { Clock } from '../mesh/process/clock.ts';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import { getBalance } from './rpc/get-balance.ts';
import { grantPlan } from './rpc/grant-plan.ts';
import { listPlans } from './rpc/list-plans.ts';
import { listTransfers } from './rpc/list-transfers.ts';
import type { PostgresLedgerStore } from './store/postgres-ledger-store.ts';

/** What credit serves. */
export function creditRoutes(deps: {
  readonly store: PostgresLedgerStore;
  readonly clock: Clock;
  readonly tiers: TierTable;
}): readonly BoundService[] {
  return [
    bindService(CreditService, {
      getBalance: getBalance(deps),
      listTransfers: listTransfers(deps),
      listPlans: listPlans(deps.tiers),
    }),
    bindService(LedgerService, { grantPlan: grantPlan(deps) }),
  ];
}
