import type { SubscriptionService } from '../../../gen/trellis/iam/v1/subscription_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { repositoryNotFound } from '../errors.ts';
import { deleteSubscription } from '../store/subscription-store.ts';
import type { SubscribeRepositoryDeps } from './subscribe-repository.ts';

/** Ends the reads of the caller's organization and tells every edge. One that the file of tiers forgot ends too. */
export function unsubscribeRepository(
  deps: SubscribeRepositoryDeps,
): Handler<typeof SubscriptionService.method.unsubscribeRepository> {
  const { sql, clock, wakeUps, tiers } = deps;
  return async ({ repository }, context) => {
    const { organizationId } = requirePrincipal(context);
    const isEnded = await deleteSubscription(sql, { organizationId, repository }, new Date(clock.now()));
    if (isEnded) wakeUps.wake();
    else if (!tiers.findRepository(repository)) throw repositoryNotFound(repository);
    return {};
  };
}
