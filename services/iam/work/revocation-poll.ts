import type { Sql } from '../../mesh/sql/database.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { readLastSequence } from '../store/revocation-store.ts';

/** How late a revocation by another process may be noticed. */
export const pollIntervalMs = 250;

/** A poll that wakes the watchers of the feed when another process has added to it: one query for all of them. */
export function createRevocationPoll(sql: Sql, wakeUps: WakeUps): () => Promise<void> {
  let seen = 0n;
  return async () => {
    if (wakeUps.sleeperCount === 0) return;
    try {
      const last = await readLastSequence(sql);
      if (last !== seen) wakeUps.wake();
      seen = last;
    } catch (error) {
      // Watchers find out for themselves and end: silence must not look like peace.
      wakeUps.wake();
      throw error;
    }
  };
}
