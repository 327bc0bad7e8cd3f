import { type Environment, integer, setting } from '../mesh/config/config.ts';
import { readTierTable } from '../mesh/plan/read-tier-table.ts';
import type { TierTable } from '../mesh/plan/tier-table.ts';

/** What an operator may set for credit. */
export interface CreditConfig {
  /** How often the ledger looks for allocations to give and grants that have expired. */
  readonly renewalIntervalMs: number;
  /** The plans. */
  readonly tiers: TierTable;
}

/** Reads the settings of credit. Throws a ConfigError where one is not allowed. */
export function readCreditConfig(env: Environment, tiers = readTierTable(env)): CreditConfig {
  const interval = integer(1_000, 86_400_000);
  return {
    renewalIntervalMs: setting(env, 'TRELLIS_CREDIT_RENEWAL_INTERVAL_MS', interval, 3_600_000),
    tiers,
  };
}
