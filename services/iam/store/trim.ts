import { lt } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { failureRetentionMs } from '../domain/login-back-off.ts';
import { trimRevocations } from './revocation-store.ts';
import { loginFailure, refreshToken, session } from './schema.ts';

/**
 * How long revocations are kept. An edge holds an answer for 30 s and an access token lives 15 min at most, so
 * after an hour a revocation tells nobody anything; a day leaves time to look into it.
 */
export const revocationRetentionMs = 24 * 60 * 60_000;

/** Drops what time has made meaningless: sessions and tokens that expired, old failures and revocations. */
export async function trim(sql: Sql, nowMs: number): Promise<void> {
  const now = new Date(nowMs);
  await sql.delete(session).where(lt(session.expireTime, now));
  await sql.delete(refreshToken).where(lt(refreshToken.expireTime, now));
  await sql
    .delete(loginFailure)
    .where(lt(loginFailure.lastFailureTime, new Date(nowMs - failureRetentionMs)));
  await trimRevocations(sql, new Date(nowMs - revocationRetentionMs));
}
