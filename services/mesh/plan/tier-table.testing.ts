import { readTierTable } from './read-tier-table.ts';
import type { Tier } from './tier-table.ts';

/** The tier of a laptop's graphs. */
export const standardTier: Tier = findStandard();

function findStandard(): Tier {
  const tier = readTierTable({}).findTier('standard');
  if (!tier) throw new Error('the file of tiers has no tier standard');
  return tier;
}
