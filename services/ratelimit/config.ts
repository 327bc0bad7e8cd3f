import { type Environment, positiveNumber, setting } from '../mesh/config/config.ts';

export interface RateLimitConfig {
  /** Multiplies every limit. */
  readonly scale: number;
}

/** Reads the service's settings. Throws ConfigError. */
export function readRateLimitConfig(env: Environment): RateLimitConfig {
  return { scale: setting(env, 'TRELLIS_RATELIMIT_SCALE', positiveNumber, 1) };
}
