import { LeaseService, RateLimitService } from '../../gen/trellis/ratelimit/v1/ratelimit_pb.js';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import { acquire } from './rpc/acquire.ts';
import { listLimits } from './rpc/list-limits.ts';
import { release } from './rpc/release.ts';
import type { LeaseStore } from './store/lease-store.ts';

export interface RouteDeps {
  readonly store: LeaseStore;
  /** Multiplies every limit. */
  readonly scale: number;
}

/** The service's RPCs. */
export function rateLimitRoutes(deps: RouteDeps): readonly BoundService[] {
  return [
    bindService(RateLimitService, { listLimits: listLimits(deps) }),
    bindService(LeaseService, { acquire: acquire(deps), release: release(deps) }),
  ];
}
