import { type Environment, integer, setting } from '../mesh/config/config.ts';
import { readTierTable } from '../mesh/plan/read-tier-table.ts';
import type { TierTable } from '../mesh/plan/tier-table.ts';

/** The settings of the catalog. */
export interface CatalogConfig {
  /** How long a node's registration holds. */
  readonly leaseMs: number;
  /** How long a node may take to open a graph; engines recover their log in it. */
  readonly openTimeoutMs: number;
  /** How long a node may take to close a graph and delete its files. */
  readonly closeTimeoutMs: number;
  /** How long ResolvePlacement waits for an engine process that restarts. */
  readonly restartWaitMs: number;
  /** Between two readings of all placements, by which processes of the catalog see each other's writes. */
  readonly resyncMs: number;
  /** Changes that may wait for a slow watcher of placements. */
  readonly watchPendingMax: number;
  /** Plans, tiers and repositories. */
  readonly tiers: TierTable;
}

/** Reads the settings from `TRELLIS_CATALOG_*`. */
export function readCatalogConfig(env: Environment, tiers = readTierTable(env)): CatalogConfig {
  return {
    leaseMs: setting(env, 'TRELLIS_CATALOG_LEASE_MS', integer(1_000, 300_000), 10_000),
    openTimeoutMs: setting(env, 'TRELLIS_CATALOG_OPEN_TIMEOUT_MS', integer(1_000, 600_000), 45_000),
    closeTimeoutMs: setting(env, 'TRELLIS_CATALOG_CLOSE_TIMEOUT_MS', integer(1_000, 600_000), 30_000),
    restartWaitMs: setting(env, 'TRELLIS_CATALOG_RESTART_WAIT_MS', integer(0, 60_000), 10_000),
    resyncMs: setting(env, 'TRELLIS_CATALOG_RESYNC_MS', integer(100, 60_000), 5_000),
    watchPendingMax: setting(env, 'TRELLIS_CATALOG_WATCH_PENDING_MAX', integer(1, 1_000_000), 10_000),
    tiers,
  };
}
