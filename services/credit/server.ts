import { type IdGenerator, randomId } from '../mesh/id/id.ts';
import type { Logger } from '../mesh/log/logger.ts';
import { type Clock, systemClock } from '../mesh/process/clock.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { Sql } from '../mesh/sql/database.ts';
import type { CreditConfig } from './config.ts';
import { creditRoutes } from './routes.ts';
import { PostgresLedgerStore } from './store/postgres-ledger-store.ts';
import { renew } from './work/renewal.ts';
import { createScheduler } from './work/scheduler.ts';

export interface CreditDeps {
  /** A database that creditMigrations were applied to. */
  readonly sql: Sql;
  readonly log: Logger;
  readonly config: CreditConfig;
  readonly clock?: Clock;
  readonly createId?: IdGenerator;
}

/** The credit service: the ledger, and the allocations of each month. */
export async function createCreditServer(deps: CreditDeps): Promise<ServiceModule> {
  const { sql, log, config, clock = systemClock, createId = randomId } = deps;
  const { tiers } = config;
  const store = new PostgresLedgerStore({ sql, createId });
  const scheduler = createScheduler({
    run: (signal) => renew({ store, clock, log, tiers }, signal),
    intervalMs: config.renewalIntervalMs,
    clock,
    log,
  });
  return {
    name: 'credit',
    services: creditRoutes({ store, clock, tiers }),
    start: async () => scheduler.start(),
    close: () => scheduler.close(),
  };
}
