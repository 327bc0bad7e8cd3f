import { resolve } from 'node:path';
import { type Environment, integer, oneOf, setting, text } from '../../mesh/config/config.ts';
import { readTierTable } from '../../mesh/plan/read-tier-table.ts';
import type { TierTable } from '../../mesh/plan/tier-table.ts';

/** What an operator may set for a graph node. */
export interface GraphNodeConfig {
  /** Where the node keeps its graphs. One daemon at a time. */
  readonly dataDirectory: string;
  /** Its id. Undefined: made once and kept in the data directory. */
  readonly nodeId: string | undefined;
  /** The tier it serves; `*` serves all. */
  readonly tier: string;
  /** Graphs that it holds open at a time; as many as its tier says unless set. */
  readonly slots: number;
  /** How long an engine process may take to open its graph; it recovers its log in it. */
  readonly openTimeoutMs: number;
  /** How long an engine process may take to finish its calls and close, before it is killed. */
  readonly closeTimeoutMs: number;
  /** Failures to open a graph in a row after which it is left alone for `coolDownMs`. Crashes once it served do not count. */
  readonly failuresMax: number;
  readonly coolDownMs: number;
  /** The tiers, whose limits engine processes are told. */
  readonly tiers: TierTable;
}

/** Reads the settings from `TRELLIS_GRAPH_NODE_*` and `TRELLIS_DATA_DIR`. */
export function readGraphNodeConfig(env: Environment, tiers = readTierTable(env)): GraphNodeConfig {
  const tierIds = tiers.tiers.map(({ id }) => id);
  const tier = setting(env, 'TRELLIS_GRAPH_NODE_TIER', oneOf(['*', ...tierIds]), '*');
  return {
    dataDirectory: resolve(setting(env, 'TRELLIS_DATA_DIR', text, './.trellis')),
    nodeId: setting(env, 'TRELLIS_GRAPH_NODE_ID', text, undefined),
    tier,
    slots: setting(env, 'TRELLIS_GRAPH_NODE_SLOTS', integer(1, 1_000), tiers.databasesPerNode(tier)),
    openTimeoutMs: setting(env, 'TRELLIS_GRAPH_NODE_OPEN_TIMEOUT_MS', integer(100, 600_000), 30_000),
    closeTimeoutMs: setting(env, 'TRELLIS_GRAPH_NODE_CLOSE_TIMEOUT_MS', integer(100, 600_000), 10_000),
    failuresMax: setting(env, 'TRELLIS_GRAPH_NODE_FAILURES_MAX', integer(1, 100), 8),
    coolDownMs: setting(env, 'TRELLIS_GRAPH_NODE_COOL_DOWN_MS', integer(0, 3_600_000), 30_000),
    tiers,
  };
}
