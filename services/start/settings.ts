import { type CatalogConfig, readCatalogConfig } from '../catalog/config.ts';
import { type CreditConfig, readCreditConfig } from '../credit/config.ts';
import { type EdgeConfig, readEdgeConfig } from '../edge/config.ts';
import { type GraphNodeConfig, readGraphNodeConfig } from '../graph/node/config.ts';
import { type IamConfig, readIamConfig } from '../iam/config.ts';
import { type Environment, setting, text } from '../mesh/config/config.ts';
import { type MeshConfig, readMeshConfig } from '../mesh/config/mesh-config.ts';
import { readTierTable } from '../mesh/plan/read-tier-table.ts';
import { type RateLimitConfig, readRateLimitConfig } from '../ratelimit/config.ts';

/** The settings of every service. */
export interface Settings {
  readonly mesh: MeshConfig;
  /** host:port that other processes of the mesh call; port 0 takes a free one. */
  readonly meshListen: string;
  readonly edge: EdgeConfig;
  readonly graphNode: GraphNodeConfig;
  readonly iam: IamConfig;
  readonly credit: CreditConfig;
  readonly ratelimit: RateLimitConfig;
  readonly catalog: CatalogConfig;
}

/** Reads all settings before anything is started, so that a bad one stops the start. Throws ConfigError. */
export function readSettings(env: Environment): Settings {
  const tiers = readTierTable(env);
  return {
    mesh: readMeshConfig(env),
    meshListen: setting(env, 'TRELLIS_MESH_LISTEN', text, '127.0.0.1:0'),
    edge: readEdgeConfig(env),
    graphNode: readGraphNodeConfig(env, tiers),
    iam: readIamConfig(env, tiers),
    credit: readCreditConfig(env, tiers),
    ratelimit: readRateLimitConfig(env),
    catalog: readCatalogConfig(env, tiers),
  };
}
