import type { IdGenerator } from '../mesh/id/id.ts';
import type { Clock } from '../mesh/process/clock.ts';
import type { Database } from '../mesh/sql/database.ts';
import { migrateDatabase } from '../mesh/sql/migrate.ts';
import type { TestDatabase } from '../mesh/sql/testing.ts';
import { creditMigrations } from './store/migrations.ts';

/** Opens a database of the kind with the ledger's tables. */
export async function openCreditDatabase(kind: TestDatabase): Promise<Database> {
  const database = await kind.open();
  await migrateDatabase(database, creditMigrations);
  return database;
}

/** Ids that count up, so that they sort as they were made. */
export function createCountingIds(): IdGenerator {
  let count = 0;
  return (prefix) => `${prefix}_${String(++count).padStart(20, '0')}`;
}

/** A clock that stands still until it is set. */
export interface ManualClock extends Clock {
  /** Sets the time; a sleeper whose time has come wakes up. */
  set(nowMs: number): void;
  /** When the sleeper wakes; resolves as soon as there is one. */
  sleeping(): Promise<number>;
}

/** A clock for one sleeper. */
export function createManualClock(nowMs: number): ManualClock {
  let sleeper: { readonly dueMs: number; readonly wake: () => void } | undefined;
  let watcher: ((dueMs: number) => void) | undefined;
  return {
    now: () => nowMs,
    sleep: (durationMs, signal) =>
      new Promise((resolve) => {
        const wake = () => {
          sleeper = undefined;
          resolve();
        };
        if (signal.aborted) return resolve();
        signal.addEventListener('abort', wake, { once: true });
        sleeper = { dueMs: nowMs + durationMs, wake };
        watcher?.(sleeper.dueMs);
        watcher = undefined;
      }),
    set: (toMs) => {
      nowMs = toMs;
      if (sleeper && sleeper.dueMs <= nowMs) sleeper.wake();
    },
    sleeping: () =>
      new Promise((resolve) => {
        if (sleeper) resolve(sleeper.dueMs);
        else watcher = resolve;
      }),
  };
}
