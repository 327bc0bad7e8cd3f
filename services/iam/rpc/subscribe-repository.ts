import type { SubscriptionService } from '../../../gen/trellis/iam/v1/subscription_pb.js';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { repositoryNotFound } from '../errors.ts';
import { insertSubscription } from '../store/subscription-store.ts';

export interface SubscribeRepositoryDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly wakeUps: WakeUps;
  readonly tiers: TierTable;
}

/** Lets the caller's organization read a repository, also one whose graph is still to be created; tells every edge. */
export function subscribeRepository(
  deps: SubscribeRepositoryDeps,
): Handler<typeof SubscriptionService.method.subscribeRepository> {
  const { sql, clock, wakeUps, tiers } = deps;
  return async ({ repository }, context) => {
    const { organizationId } = requirePrincipal(context);
    if (!tiers.findRepository(repository)) throw repositoryNotFound(repository);
    if (await insertSubscription(sql, { organizationId, repository }, new Date(clock.now()))) wakeUps.wake();
    return {};
  };
}
