import { ConfigError, type Environment, integer, setting, text } from '../mesh/config/config.ts';
import type { TlsFiles } from './listener/tls-termination.ts';

export interface EdgeConfig {
  /** The public port, all protocols. 0 takes a free one. */
  readonly port: number;
  /** The address that the public port is opened on. */
  readonly host: string;
  /** The public port's certificate and key; undefined where it speaks without TLS. */
  readonly tls: TlsFiles | undefined;
  /** Readiness and health for operators, on the loopback address. 0 takes a free one. */
  readonly adminPort: number;
  /** The origins whose pages may read answers; `*` for all. */
  readonly corsOrigins: readonly string[];
  /** The largest request message, in bytes, after inflation. */
  readonly messageBytesMax: number;
  /** What large answers may take together while small ones go out, in percent of a processor. */
  readonly bulkPercent: number;
  /** How long calls under way may take to finish when the edge ends. */
  readonly drainMs: number;
}

/** Reads the edge's settings. */
export function readEdgeConfig(env: Environment): EdgeConfig {
  return {
    port: setting(env, 'TRELLIS_EDGE_PORT', integer(0, 65_535), 8080),
    host: setting(env, 'TRELLIS_EDGE_HOST', text, '127.0.0.1'),
    tls: readTlsFiles(env),
    adminPort: setting(env, 'TRELLIS_ADMIN_PORT', integer(0, 65_535), 9090),
    corsOrigins: setting(env, 'TRELLIS_EDGE_CORS_ORIGINS', text, '*').split(/[\s,]+/),
    messageBytesMax: setting(env, 'TRELLIS_EDGE_MESSAGE_BYTES', integer(1_024, 64 * 2 ** 20), 4 * 2 ** 20),
    bulkPercent: setting(env, 'TRELLIS_EDGE_BULK_PERCENT', integer(1, 10_000), 25),
    drainMs: setting(env, 'TRELLIS_EDGE_DRAIN_MS', integer(0, 600_000), 5_000),
  };
}

/** Both files or none: half a setting must not open the port without TLS. */
function readTlsFiles(env: Environment): TlsFiles | undefined {
  const certFile = setting(env, 'TRELLIS_EDGE_TLS_CERT', text, undefined);
  const keyFile = setting(env, 'TRELLIS_EDGE_TLS_KEY', text, undefined);
  if (certFile !== undefined && keyFile !== undefined) return { certFile, keyFile };
  if (certFile === undefined && keyFile === undefined) return undefined;
  throw new ConfigError('TRELLIS_EDGE_TLS_CERT and TRELLIS_EDGE_TLS_KEY must both be set, or neither');
}
