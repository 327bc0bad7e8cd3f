import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ConfigError, type Environment, oneOf, setting, text } from '../config/config.ts';
import { parseTierTable } from './parse-tier-table.ts';
import { environments, type TierTable } from './tier-table.ts';

const ownFile = fileURLToPath(new URL('./tiers.json', import.meta.url));

/**
 * Reads the file of tiers, `TRELLIS_TIERS_FILE` or the project's own, for `TRELLIS_ENVIRONMENT`. Throws ConfigError
 * where it cannot be read or breaks a rule.
 */
export function readTierTable(env: Environment): TierTable {
  const environment = setting(env, 'TRELLIS_ENVIRONMENT', oneOf(environments), 'development');
  const file = resolve(setting(env, 'TRELLIS_TIERS_FILE', text, ownFile));
  return parseTierTable(readText(file), file, environment);
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new ConfigError(
      `TRELLIS_TIERS_FILE must name a file that can be read; reading ${file} gave ${code}`,
    );
  }
}
