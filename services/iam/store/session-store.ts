import { and, eq, isNull } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import type { AccessClaims } from '../domain/access-token.ts';
import { judgeRefreshToken, type RefreshVerdict } from '../domain/refresh-token.ts';
import type { Role } from '../domain/role.ts';
import { appendRevocation } from './revocation-store.ts';
import { member, organization, refreshToken, session } from './schema.ts';
import { subscribedRepositories } from './subscription-store.ts';

/** A session with its first refresh token. */
export interface NewSession extends AccessClaims {
  readonly tokenHash: string;
  readonly createTime: Date;
  readonly expireTime: Date;
}

/** Opens a session within a transaction. */
export async function insertSession(tx: Sql, newSession: NewSession): Promise<void> {
  const { sessionId, organizationId, userId, tokenHash, createTime, expireTime } = newSession;
  await tx.insert(session).values({ sessionId, organizationId, userId, createTime, expireTime });
  await tx.insert(refreshToken).values({ tokenHash, sessionId, expireTime });
}

export interface RefreshExchange {
  readonly tokenHash: string;
  readonly successorHash: string;
  readonly now: Date;
  /** When the successor and with it the session expires. */
  readonly expireTime: Date;
}

/** What became of an exchange. Only `fresh` and `raced` go on; `reused` has ended the session. */
export interface RefreshOutcome {
  readonly verdict: RefreshVerdict | 'unknown';
  readonly claims?: AccessClaims;
}

/** Exchanges a refresh token for its successor. Calls with tokens of one session take turns. */
export async function exchangeRefreshToken(sql: Sql, exchange: RefreshExchange): Promise<RefreshOutcome> {
  const { tokenHash, successorHash, now, expireTime } = exchange;
  return await sql.transaction(async (tx) => {
    const [found] = await tx
      .select({ token: refreshToken, session })
      .from(refreshToken)
      .innerJoin(session, eq(session.sessionId, refreshToken.sessionId))
      .where(eq(refreshToken.tokenHash, tokenHash))
      .for('update');
    if (!found) return { verdict: 'unknown' };
    const { sessionId, userId, organizationId, endTime } = found.session;
    const verdict = judgeRefreshToken({ ...found.token, sessionEndTime: endTime }, now.getTime());
    if (verdict === 'reused') await endSession(tx, sessionId, now);
    if (verdict === 'fresh') {
      await tx.update(refreshToken).set({ useTime: now }).where(eq(refreshToken.tokenHash, tokenHash));
      await tx.insert(refreshToken).values({ tokenHash: successorHash, sessionId, expireTime });
      await tx.update(session).set({ expireTime }).where(eq(session.sessionId, sessionId));
    }
    return { verdict, claims: { sessionId, userId, organizationId } };
  });
}

/** Ends the session that a refresh token belongs to. True where this call ended it. */
export async function endSessionOf(sql: Sql, tokenHash: string, now: Date): Promise<boolean> {
  return await sql.transaction(async (tx) => {
    const [found] = await tx
      .select({ sessionId: refreshToken.sessionId })
      .from(refreshToken)
      .where(eq(refreshToken.tokenHash, tokenHash));
    return found !== undefined && (await endSession(tx, found.sessionId, now));
  });
}

async function endSession(tx: Sql, sessionId: string, now: Date): Promise<boolean> {
  const ended = await tx
    .update(session)
    .set({ endTime: now })
    .where(and(eq(session.sessionId, sessionId), isNull(session.endTime)))
    .returning({ sessionId: session.sessionId });
  if (ended.length === 0) return false;
  await appendRevocation(tx, sessionId, now);
  return true;
}

/** What a user is in the organization of a session, and what that pays for. */
export interface SessionStanding {
  readonly role: Role;
  readonly plan: string;
  /** The shared repositories that the organization subscribes to. */
  readonly repositories: readonly string[];
}

/** The standing behind an access token; undefined where the session is over or the user is no member any more. */
export async function findSessionStanding(
  sql: Sql,
  claims: AccessClaims,
): Promise<SessionStanding | undefined> {
  const [found] = await sql
    .select({
      role: member.role,
      plan: organization.plan,
      repositories: subscribedRepositories(session.organizationId),
    })
    .from(session)
    .innerJoin(
      member,
      and(eq(member.organizationId, session.organizationId), eq(member.userId, session.userId)),
    )
    .innerJoin(organization, eq(organization.organizationId, session.organizationId))
    .where(
      and(
        eq(session.sessionId, claims.sessionId),
        eq(session.userId, claims.userId),
        eq(session.organizationId, claims.organizationId),
        isNull(session.endTime),
      ),
    );
  return found;
}
