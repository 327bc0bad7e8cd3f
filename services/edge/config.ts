import { type Environment, integer, setting, text } from '../mesh/config/config.ts';

export interface EdgeConfig {
  /** The public port, all protocols. 0 takes a free one. */
  readonly port: number;
  /** The address that the public port is opened on. */
  readonly host: string;
  /** Readiness and health for operators, on the loopback address. 0 takes a free one. */
  readonly adminPort: number;
  /** The largest request message, in bytes, after inflation. */
  readonly messageBytesMax: number;
  /** How long calls under way may take to finish when the edge ends. */
  readonly drainMs: number;
}

/** Reads the edge's settings. */
export function readEdgeConfig(env: Environment): EdgeConfig {
  return {
    port: setting(env, 'TRELLIS_EDGE_PORT', integer(0, 65_535), 8080),
    host: setting(env, 'TRELLIS_EDGE_HOST', text, '127.0.0.1'),
    adminPort: setting(env, 'TRELLIS_ADMIN_PORT', integer(0, 65_535), 9090),
    messageBytesMax: setting(env, 'TRELLIS_EDGE_MESSAGE_BYTES', integer(1_024, 64 * 2 ** 20), 4 * 2 ** 20),
    drainMs: setting(env, 'TRELLIS_EDGE_DRAIN_MS', integer(0, 600_000), 5_000),
  };
}
