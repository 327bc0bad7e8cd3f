import { and, count, desc, eq, gt, isNull, lt, or } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import type { PagePosition } from '../domain/page-token.ts';
import type { Role } from '../domain/role.ts';
import { appendRevocation } from './revocation-store.ts';
import { apiKey, member, organization } from './schema.ts';
import { subscribedRepositories } from './subscription-store.ts';

export type ApiKeyRow = typeof apiKey.$inferSelect;

/** A key to store. */
export type NewApiKey = Omit<ApiKeyRow, 'revokeTime'>;

/** Stores a key, unless the organization has that many live ones already: then the answer is false. */
export async function insertApiKey(sql: Sql, newKey: NewApiKey, liveMax: number): Promise<boolean> {
  return await sql.transaction(async (tx) => {
    // The organization's row lock makes racing calls count one after the other.
    await tx
      .select({ id: organization.organizationId })
      .from(organization)
      .where(eq(organization.organizationId, newKey.organizationId))
      .for('update');
    const [live] = await tx
      .select({ count: count() })
      .from(apiKey)
      .where(
        and(
          eq(apiKey.organizationId, newKey.organizationId),
          isNull(apiKey.revokeTime),
          or(isNull(apiKey.expireTime), gt(apiKey.expireTime, newKey.createTime)),
        ),
      );
    if (!live || live.count >= liveMax) return false;
    await tx.insert(apiKey).values(newKey);
    return true;
  });
}

/** A page of the keys that are not revoked, newest first. */
export async function listApiKeys(
  sql: Sql,
  organizationId: string,
  after: PagePosition | undefined,
  rowsMax: number,
): Promise<ApiKeyRow[]> {
  const olderThanPosition = after && [
    or(
      lt(apiKey.createTime, after.createTime),
      and(eq(apiKey.createTime, after.createTime), lt(apiKey.apiKeyId, after.apiKeyId)),
    ),
  ];
  return await sql
    .select()
    .from(apiKey)
    .where(
      and(eq(apiKey.organizationId, organizationId), isNull(apiKey.revokeTime), ...(olderThanPosition ?? [])),
    )
    .orderBy(desc(apiKey.createTime), desc(apiKey.apiKeyId))
    .limit(rowsMax);
}

/** Revokes a key of the organization. `missing` also where the key is another organization's. */
export async function revokeApiKey(
  sql: Sql,
  organizationId: string,
  apiKeyId: string,
  now: Date,
): Promise<'revoked' | 'revoked-before' | 'missing'> {
  const own = and(eq(apiKey.apiKeyId, apiKeyId), eq(apiKey.organizationId, organizationId));
  return await sql.transaction(async (tx) => {
    const revoked = await tx
      .update(apiKey)
      .set({ revokeTime: now })
      .where(and(own, isNull(apiKey.revokeTime)))
      .returning({ apiKeyId: apiKey.apiKeyId });
    if (revoked.length > 0) {
      await appendRevocation(tx, apiKeyId, now);
      return 'revoked';
    }
    const [existing] = await tx.select({ apiKeyId: apiKey.apiKeyId }).from(apiKey).where(own);
    return existing ? 'revoked-before' : 'missing';
  });
}

/** A key with what its creator is in its organization. */
export interface ApiKeyStanding {
  readonly key: ApiKeyRow;
  readonly role: Role;
  readonly plan: string;
  /** The shared repositories that the organization subscribes to. */
  readonly repositories: readonly string[];
}

/** The key with this id, revoked and expired ones included; undefined where its creator is no member any more. */
export async function findApiKeyStanding(sql: Sql, apiKeyId: string): Promise<ApiKeyStanding | undefined> {
  const [found] = await sql
    .select({
      key: apiKey,
      role: member.role,
      plan: organization.plan,
      repositories: subscribedRepositories(apiKey.organizationId),
    })
    .from(apiKey)
    .innerJoin(
      member,
      and(eq(member.organizationId, apiKey.organizationId), eq(member.userId, apiKey.userId)),
    )
    .innerJoin(organization, eq(organization.organizationId, apiKey.organizationId))
    .where(eq(apiKey.apiKeyId, apiKeyId));
  return found;
}
