import { and, asc, eq, inArray, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { addFailure, type BackOffPolicy, waitMs } from '../domain/login-back-off.ts';
import { loginFailure } from './schema.ts';

/** An account or address that a login counts for. */
export interface LoginSubject {
  /** Its key, such as `address/192.0.2.7`. */
  readonly subject: string;
  readonly policy: BackOffPolicy;
}

/**
 * Admits a login or answers how long it must wait, in milliseconds. An admitted login counts as failed from the
 * start, so that parallel guesses cannot slip through before the first one failed; forgiveLogin takes it back.
 */
export async function admitLogin(db: Sql, subjects: readonly LoginSubject[], nowMs: number): Promise<number> {
  return await db.transaction(async (tx) => {
    const now = new Date(nowMs);
    // Everyone locks in the order of the keys, so nobody waits in a circle.
    const keys = subjects.map(({ subject }) => subject).sort();
    for (const subject of keys) {
      await tx
        .insert(loginFailure)
        .values({ subject, failureCount: 0, lastFailureTime: now, blockedUntilTime: now })
        .onConflictDoNothing();
    }
    const rows = await tx
      .select()
      .from(loginFailure)
      .where(inArray(loginFailure.subject, keys))
      .orderBy(asc(loginFailure.subject))
      .for('update');
    const wait = Math.max(0, ...rows.map((row) => waitMs(row, nowMs)));
    if (wait > 0) return wait;
    for (const { subject, policy } of subjects) {
      const row = rows.find((candidate) => candidate.subject === subject);
      if (!row) throw new Error('a subject has no row');
      await tx
        .update(loginFailure)
        .set(addFailure(row, policy, nowMs))
        .where(eq(loginFailure.subject, subject));
    }
    return 0;
  });
}

/**
 * Takes an admitted login back that succeeded. The account starts afresh; the address only loses this one, or an
 * attacker could clear it with an account of his own.
 */
export async function forgiveLogin(tx: Sql, account: string, address: string | undefined): Promise<void> {
  await tx.delete(loginFailure).where(eq(loginFailure.subject, account));
  if (address === undefined) return;
  await tx
    .update(loginFailure)
    .set({ failureCount: sql`${loginFailure.failureCount} - 1` })
    .where(and(eq(loginFailure.subject, address), sql`${loginFailure.failureCount} > 0`));
}
