import { asc, eq, inArray, lte, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { pendingPlanGrant } from './schema.ts';

/** Credits of a plan that are still to be granted. */
export interface PlanGrant {
  readonly organizationId: string;
  readonly plan: string;
}

/** A grant that is this caller's to make until its next attempt is due. */
export interface ClaimedPlanGrant extends PlanGrant {
  /** Attempts begun, this one included. */
  readonly attemptCount: number;
}

/** Puts a grant into the outbox within a transaction. `nextAttemptTime` is when someone else may take over. */
export async function insertPlanGrant(tx: Sql, grant: PlanGrant, nextAttemptTime: Date): Promise<void> {
  const { organizationId, plan } = grant;
  await tx.insert(pendingPlanGrant).values({ organizationId, plan, attemptCount: 1, nextAttemptTime });
}

/** Claims grants that are due, longest overdue first, for a time. Other processes pass over them meanwhile. */
export async function claimPlanGrants(
  db: Sql,
  now: Date,
  claimedUntil: Date,
  rowsMax: number,
): Promise<ClaimedPlanGrant[]> {
  return await db.transaction(async (tx) => {
    const due = await tx
      .select({ organizationId: pendingPlanGrant.organizationId })
      .from(pendingPlanGrant)
      .where(lte(pendingPlanGrant.nextAttemptTime, now))
      .orderBy(asc(pendingPlanGrant.nextAttemptTime))
      .limit(rowsMax)
      .for('update', { skipLocked: true });
    if (due.length === 0) return [];
    const ids = due.map(({ organizationId }) => organizationId);
    return await tx
      .update(pendingPlanGrant)
      .set({ nextAttemptTime: claimedUntil, attemptCount: sql`${pendingPlanGrant.attemptCount} + 1` })
      .where(inArray(pendingPlanGrant.organizationId, ids))
      .returning({
        organizationId: pendingPlanGrant.organizationId,
        plan: pendingPlanGrant.plan,
        attemptCount: pendingPlanGrant.attemptCount,
      });
  });
}

/** Puts a failed grant off. */
export async function postponePlanGrant(
  db: Sql,
  organizationId: string,
  nextAttemptTime: Date,
): Promise<void> {
  await db
    .update(pendingPlanGrant)
    .set({ nextAttemptTime })
    .where(eq(pendingPlanGrant.organizationId, organizationId));
}

/** Takes a grant that was made out of the outbox. */
export async function completePlanGrant(db: Sql, organizationId: string): Promise<void> {
  await db.delete(pendingPlanGrant).where(eq(pendingPlanGrant.organizationId, organizationId));
}
