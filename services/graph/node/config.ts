import { resolve } from 'node:path';
import { ConfigError, type Environment, integer, oneOf, setting, text } from '../../mesh/config/config.ts';
import { readTierTable } from '../../mesh/plan/read-tier-table.ts';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import { type ConfinementMode, confinementModes } from './confinement/confinement.ts';
import { parseUidRange, type UidRange, uidCount } from './confinement/engine-uids.ts';

/** JavaScript's part of an engine's memory, by tier; results and uploads on their way are in it. */
const heapMibByTier: Readonly<Record<string, number>> = {
  standard: 1_024,
  enterprise: 2_048,
  premium: 4_096,
  shared: 2_048,
};

/** Engine processes that may start beside those of slots and spares. */
const startingMax = 4;

/** Free on Debian and its kin: systemd has others above and below. */
const uidsDefault: UidRange = { first: 60_706, last: 61_183 };

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
  /** Engine processes that wait, started, for a graph to open. */
  readonly spares: number;
  /** A graph without calls for so long is put to sleep; 0: none is. */
  readonly idleMs: number;
  /** A graph without calls for so long may make room for the next one before that comes; 0: none does. */
  readonly roomIdleMs: number;
  /** How long an opening waits for a slot where all are taken. */
  readonly slotWaitMs: number;
  /** An engine process that answers nothing for so long is replaced; 0: none is. */
  readonly hangMs: number;
  /** The heap of an engine process's JavaScript, in MiB. */
  readonly heapMib: number;
  readonly confinement: ConfinementMode;
  /** User ids for engine processes, where the daemon is root. Nobody else may use them. */
  readonly engineUids: UidRange;
}

/** Reads the settings from `TRELLIS_GRAPH_NODE_*` and `TRELLIS_DATA_DIR`. */
export function readGraphNodeConfig(env: Environment, tiers = readTierTable(env)): GraphNodeConfig {
  const tierIds = tiers.tiers.map(({ id }) => id);
  const tier = setting(env, 'TRELLIS_GRAPH_NODE_TIER', oneOf(['*', ...tierIds]), '*');
  const heapMib = heapMibByTier[tier] ?? Math.max(...Object.values(heapMibByTier));
  const config: GraphNodeConfig = {
    dataDirectory: resolve(setting(env, 'TRELLIS_DATA_DIR', text, './.trellis')),
    nodeId: setting(env, 'TRELLIS_GRAPH_NODE_ID', text, undefined),
    tier,
    slots: setting(env, 'TRELLIS_GRAPH_NODE_SLOTS', integer(1, 1_000), tiers.databasesPerNode(tier)),
    openTimeoutMs: setting(env, 'TRELLIS_GRAPH_NODE_OPEN_TIMEOUT_MS', integer(100, 600_000), 30_000),
    closeTimeoutMs: setting(env, 'TRELLIS_GRAPH_NODE_CLOSE_TIMEOUT_MS', integer(100, 600_000), 10_000),
    failuresMax: setting(env, 'TRELLIS_GRAPH_NODE_FAILURES_MAX', integer(1, 100), 8),
    coolDownMs: setting(env, 'TRELLIS_GRAPH_NODE_COOL_DOWN_MS', integer(0, 3_600_000), 30_000),
    tiers,
    spares: setting(env, 'TRELLIS_GRAPH_NODE_SPARES', integer(0, 16), 2),
    idleMs: setting(env, 'TRELLIS_GRAPH_NODE_IDLE_MS', integer(0, 604_800_000), 600_000),
    roomIdleMs: setting(env, 'TRELLIS_GRAPH_NODE_ROOM_IDLE_MS', integer(0, 604_800_000), 2_000),
    slotWaitMs: setting(env, 'TRELLIS_GRAPH_NODE_SLOT_WAIT_MS', integer(0, 60_000), 10_000),
    hangMs: setting(env, 'TRELLIS_GRAPH_NODE_HANG_MS', integer(0, 600_000), 60_000),
    heapMib: setting(env, 'TRELLIS_GRAPH_NODE_ENGINE_HEAP_MIB', integer(128, 65_536), heapMib),
    confinement: setting(env, 'TRELLIS_GRAPH_NODE_CONFINEMENT', oneOf(confinementModes), 'best'),
    engineUids: setting(env, 'TRELLIS_GRAPH_NODE_ENGINE_UIDS', parseUidRange, uidsDefault),
  };
  if (uidCount(config.engineUids) < config.slots + config.spares + startingMax) {
    throw new ConfigError(
      `TRELLIS_GRAPH_NODE_ENGINE_UIDS must have an id for each slot, each spare and ${startingMax} more`,
    );
  }
  return config;
}
