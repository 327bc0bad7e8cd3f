import { asc, desc, eq, gt, lt, lte, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { revocation, revocationFeed } from './schema.ts';

const feedId = 1;

/**
 * Records within a transaction that a credential is good no more. To be the transaction's last statement: the lock
 * of the feed's row is held from here to the commit. It makes revocations of all processes take turns, so that
 * they become visible in the order of their sequences; a reader that has seen 7 can never find a 6 later, as it
 * could with a database sequence, which numbers transactions before they commit.
 */
export function appendRevocation(tx: Sql, credentialId: string, now: Date): Promise<void> {
  return append(tx, { credentialId }, now);
}

/** Records within a transaction that the principals of an organization have changed. Like a revocation, the last statement. */
export function appendChange(tx: Sql, organizationId: string, now: Date): Promise<void> {
  return append(tx, { organizationId }, now);
}

async function append(
  tx: Sql,
  subject: { readonly credentialId: string } | { readonly organizationId: string },
  now: Date,
): Promise<void> {
  const [feed] = await tx
    .insert(revocationFeed)
    .values({ id: feedId, lastSequence: 1n, trimmedSequence: 0n })
    .onConflictDoUpdate({
      target: revocationFeed.id,
      set: { lastSequence: sql`${revocationFeed.lastSequence} + 1` },
    })
    .returning({ sequence: revocationFeed.lastSequence });
  if (!feed) throw new Error('the upsert of the feed gave no row');
  await tx.insert(revocation).values({ sequence: feed.sequence, ...subject, createTime: now });
}

/** The revocations after a sequence. */
export interface RevocationPage {
  /** True where the sequence is unknown or too old; then there are no ids. */
  readonly reset: boolean;
  /** The sequence of the last one here; of the last one there is where it is a reset. */
  readonly sequence: bigint;
  readonly credentialIds: readonly string[];
  /** Organizations whose principals have changed, each once. */
  readonly organizationIds: readonly string[];
}

/** Reads on after a sequence, oldest first. One statement, so that its parts agree. */
export async function readRevocations(
  db: Sql,
  fromSequence: bigint,
  rowsMax: number,
): Promise<RevocationPage> {
  const rows = await db
    .select({ feed: revocationFeed, revocation })
    .from(revocationFeed)
    .leftJoin(revocation, gt(revocation.sequence, fromSequence))
    .where(eq(revocationFeed.id, feedId))
    .orderBy(asc(revocation.sequence))
    .limit(rowsMax);
  const lastSequence = rows[0]?.feed.lastSequence ?? 0n;
  const trimmedSequence = rows[0]?.feed.trimmedSequence ?? 0n;
  if (fromSequence > lastSequence || fromSequence < trimmedSequence) {
    return { reset: true, sequence: lastSequence, credentialIds: [], organizationIds: [] };
  }
  const revocations = rows.flatMap((row) => row.revocation ?? []);
  return {
    reset: false,
    sequence: revocations.at(-1)?.sequence ?? fromSequence,
    credentialIds: revocations.flatMap(({ credentialId }) => credentialId ?? []),
    organizationIds: [...new Set(revocations.flatMap(({ organizationId }) => organizationId ?? []))],
  };
}

/** The sequence of the latest revocation; 0 where there is none. */
export async function readLastSequence(db: Sql): Promise<bigint> {
  const [feed] = await db
    .select({ lastSequence: revocationFeed.lastSequence })
    .from(revocationFeed)
    .where(eq(revocationFeed.id, feedId));
  return feed?.lastSequence ?? 0n;
}

/** Drops the revocations from before a time. Whoever has not read them gets a reset. */
export async function trimRevocations(db: Sql, before: Date): Promise<void> {
  await db.transaction(async (tx) => {
    const [last] = await tx
      .select({ sequence: revocation.sequence })
      .from(revocation)
      .where(lt(revocation.createTime, before))
      .orderBy(desc(revocation.sequence))
      .limit(1);
    if (!last) return;
    await tx
      .update(revocationFeed)
      .set({ trimmedSequence: last.sequence })
      .where(lt(revocationFeed.trimmedSequence, last.sequence));
    await tx.delete(revocation).where(lte(revocation.sequence, last.sequence));
  });
}
