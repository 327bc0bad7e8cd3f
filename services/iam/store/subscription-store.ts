import { and, eq, sql } from 'drizzle-orm';
import type { AnyPgColumn } from 'drizzle-orm/pg-core';
import type { Sql } from '../../mesh/sql/database.ts';
import { appendChange } from './revocation-store.ts';
import { repositorySubscription } from './schema.ts';

/** An organization and a shared repository. */
export interface Subscription {
  readonly organizationId: string;
  readonly repository: string;
}

/** Adds a subscription and tells the feed. False where there was one. */
export async function insertSubscription(sql: Sql, subscription: Subscription, now: Date): Promise<boolean> {
  return await sql.transaction(async (tx) => {
    const added = await tx
      .insert(repositorySubscription)
      .values({ ...subscription, createTime: now })
      .onConflictDoNothing()
      .returning({ repository: repositorySubscription.repository });
    if (added.length === 0) return false;
    await appendChange(tx, subscription.organizationId, now);
    return true;
  });
}

/** Ends a subscription and tells the feed. False where there was none. */
export async function deleteSubscription(sql: Sql, subscription: Subscription, now: Date): Promise<boolean> {
  const { organizationId, repository } = subscription;
  return await sql.transaction(async (tx) => {
    const ended = await tx
      .delete(repositorySubscription)
      .where(
        and(
          eq(repositorySubscription.organizationId, organizationId),
          eq(repositorySubscription.repository, repository),
        ),
      )
      .returning({ repository: repositorySubscription.repository });
    if (ended.length === 0) return false;
    await appendChange(tx, organizationId, now);
    return true;
  });
}

/** The repositories of the organization that a query's row names, as a column of that query. */
export function subscribedRepositories(organizationId: AnyPgColumn) {
  return sql<string[]>`array(
    select ${repositorySubscription.repository} from ${repositorySubscription}
    where ${repositorySubscription.organizationId} = ${organizationId}
    order by ${repositorySubscription.repository}
  )`;
}
