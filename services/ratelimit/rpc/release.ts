import type { LeaseService } from '../../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { LeaseStore } from '../store/lease-store.ts';

/** Gives unused tokens of a lease back. A lease that is not there, or no more, has nothing to give. */
export function release(deps: { readonly store: LeaseStore }): Handler<typeof LeaseService.method.release> {
  return async ({ leaseId, unused }) => {
    await deps.store.release(leaseId, unused);
    return {};
  };
}
