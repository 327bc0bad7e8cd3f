import { and, asc, eq } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { toEmailKey } from '../domain/email.ts';
import { member, organization, user } from './schema.ts';

/** A user with the personal organization that it owns. */
export interface NewAccount {
  readonly userId: string;
  readonly organizationId: string;
  readonly email: string;
  readonly name: string;
  readonly passwordHash: string;
  readonly plan: string;
  readonly createTime: Date;
}

/** Creates an account within a transaction. False where its e-mail address is taken, also by a racing call. */
export async function insertAccount(tx: Sql, account: NewAccount): Promise<boolean> {
  const { userId, organizationId, email, name, passwordHash, plan, createTime } = account;
  const created = await tx
    .insert(user)
    .values({ userId, email, emailLower: toEmailKey(email), name, passwordHash, createTime })
    .onConflictDoNothing({ target: user.emailLower })
    .returning({ userId: user.userId });
  if (created.length === 0) return false;
  await tx.insert(organization).values({ organizationId, displayName: name, plan, createTime });
  await tx.insert(member).values({ organizationId, userId, role: 'owner', createTime });
  return true;
}

/** What a login is checked against. */
export interface LoginRecord {
  readonly userId: string;
  readonly passwordHash: string;
  /** The organization that a session acts for: the one the user belongs to longest. */
  readonly organizationId: string;
}

/** The account with this e-mail address, if there is one. */
export async function findLogin(sql: Sql, email: string): Promise<LoginRecord | undefined> {
  const [found] = await sql
    .select({
      userId: user.userId,
      passwordHash: user.passwordHash,
      organizationId: member.organizationId,
    })
    .from(user)
    .innerJoin(member, eq(member.userId, user.userId))
    .where(eq(user.emailLower, toEmailKey(email)))
    .orderBy(asc(member.createTime), asc(member.organizationId))
    .limit(1);
  return found;
}

/** A user and one of its organizations. */
export interface Profile {
  readonly user: typeof user.$inferSelect;
  readonly organization: typeof organization.$inferSelect;
}

/** The user and the organization, if the one belongs to the other. */
export async function findProfile(
  sql: Sql,
  userId: string,
  organizationId: string,
): Promise<Profile | undefined> {
  const [found] = await sql
    .select({ user, organization })
    .from(member)
    .innerJoin(user, eq(user.userId, member.userId))
    .innerJoin(organization, eq(organization.organizationId, member.organizationId))
    .where(and(eq(member.userId, userId), eq(member.organizationId, organizationId)));
  return found;
}
