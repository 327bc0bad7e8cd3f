import type { CreditService } from '../../../gen/trellis/credit/v1/credit_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { PostgresLedgerStore } from '../store/postgres-ledger-store.ts';
import { toGrantMessage } from './messages.ts';

/** Answers what the caller's organization has; one that the ledger does not know has nothing. */
export function getBalance(deps: {
  readonly store: PostgresLedgerStore;
  readonly clock: Clock;
}): Handler<typeof CreditService.method.getBalance> {
  return async (_request, context) => {
    const { organizationId } = requirePrincipal(context);
    const { grants, ...sums } = await deps.store.balance(organizationId, deps.clock.now());
    return { ...sums, grants: grants.map(toGrantMessage) };
  };
}
