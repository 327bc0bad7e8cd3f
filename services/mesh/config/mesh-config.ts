import { join, resolve } from 'node:path';
import type { Endpoint } from '../discovery/resolver.ts';
import { parseStaticEndpoints } from '../discovery/static-resolver.ts';
import { type MeshKey, parseMeshKey } from '../identity/mesh-key.ts';
import { type LogLevel, logLevels } from '../log/logger.ts';
import { ConfigError, type Environment, oneOf, setting, text, url } from './config.ts';

/** Settings of every process of the mesh. */
export interface MeshConfig {
  /** Everything that the embedded mesh keeps. */
  readonly dataDirectory: string;
  /** Postgres; undefined: PGlite under the data directory. */
  readonly databaseUrl: string | undefined;
  /** How services find each other. */
  readonly discovery: 'registry' | 'static';
  /** Where services are, for `static`. */
  readonly endpoints: ReadonlyMap<string, readonly Endpoint[]>;
  /** The key of the mesh; undefined: made once and kept under the data directory. */
  readonly meshKey: MeshKey | undefined;
  readonly logLevel: LogLevel;
}

/** Reads the settings that every process has. */
export function readMeshConfig(env: Environment): MeshConfig {
  const discovery = setting(env, 'TRELLIS_DISCOVERY', oneOf(['registry', 'static']), 'registry');
  const endpoints = setting(
    env,
    'TRELLIS_DISCOVERY_ENDPOINTS',
    parseStaticEndpoints,
    new Map<string, Endpoint[]>(),
  );
  if (discovery === 'static' && endpoints.size === 0) {
    throw new ConfigError(
      'TRELLIS_DISCOVERY_ENDPOINTS must say where services are when TRELLIS_DISCOVERY is static',
    );
  }
  return {
    dataDirectory: resolve(setting(env, 'TRELLIS_DATA_DIR', text, './.trellis')),
    databaseUrl: setting(env, 'TRELLIS_DATABASE_URL', url('postgres:', 'postgresql:'), undefined),
    discovery,
    endpoints,
    meshKey: setting(env, 'TRELLIS_MESH_KEY', parseMeshKey, undefined),
    logLevel: setting(env, 'TRELLIS_LOG_LEVEL', oneOf(logLevels), 'info'),
  };
}

/** Where the embedded mesh keeps things under its data directory. */
export function dataPaths(dataDirectory: string) {
  return {
    database: join(dataDirectory, 'postgres'),
    keys: join(dataDirectory, 'keys'),
    meshKey: join(dataDirectory, 'keys', 'mesh.json'),
  };
}
