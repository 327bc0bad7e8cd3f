import { type IdGenerator, randomId } from '../mesh/id/id.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { RateLimitConfig } from './config.ts';
import { rateLimitRoutes } from './routes.ts';
import { InProcessLeaseStore } from './store/in-process-lease-store.ts';
import type { LeaseStore } from './store/lease-store.ts';

export interface RateLimitServerDeps {
  readonly config: RateLimitConfig;
  /** Default: in this process. */
  readonly store?: LeaseStore;
  /** The clock of the store in this process: whole microseconds that never go back. */
  readonly nowMicros?: () => number;
  readonly createId?: IdGenerator;
}

/** The rate-limit service. */
export async function createRateLimitServer({
  config,
  nowMicros = () => Math.floor(performance.now() * 1000),
  createId = randomId,
  store = new InProcessLeaseStore({ nowMicros, createId }),
}: RateLimitServerDeps): Promise<ServiceModule> {
  return {
    name: 'ratelimit',
    services: rateLimitRoutes({ store, scale: config.scale }),
    start: async () => {},
    close: async () => {},
  };
}
