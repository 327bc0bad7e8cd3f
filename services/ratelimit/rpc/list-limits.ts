import type { RateLimitService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toBucketKey } from '../domain/limit-bucket.ts';
import { findLimit, limitedCategories, toLimitedPlan } from '../domain/limit-table.ts';
import type { LeaseStore } from '../store/lease-store.ts';
import { toDuration } from './duration.ts';

/** Lists the caller's limits and what is left of them. */
export function listLimits(deps: {
  readonly store: LeaseStore;
  readonly scale: number;
}): Handler<typeof RateLimitService.method.listLimits> {
  return async (_request, context) => {
    const { principalId, plan } = requirePrincipal(context);
    const subject = { principalId, plan };
    const limits = limitedCategories.map(async (category) => {
      const limit = findLimit(subject, category, deps.scale);
      const { remaining, resetMicros } = await deps.store.view(toBucketKey(subject, category), limit);
      return { category, requestsPerMinute: limit, remaining, reset: toDuration(resetMicros) };
    });
    return { plan: toLimitedPlan(plan), limits: await Promise.all(limits) };
  };
}
