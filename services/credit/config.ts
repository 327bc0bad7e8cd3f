import { type Environment, integer, setting } from '../mesh/config/config.ts';

/** What an operator may set for credit. */
export interface CreditConfig {
  /** How often the ledger looks for allocations to give and grants that have expired. */
  readonly renewalIntervalMs: number;
}

/** Reads the settings of credit. Throws a ConfigError where one is not allowed. */
export function readCreditConfig(env: Environment): CreditConfig {
  const interval = integer(1_000, 86_400_000);
  return { renewalIntervalMs: setting(env, 'TRELLIS_CREDIT_RENEWAL_INTERVAL_MS', interval, 3_600_000) };
}
