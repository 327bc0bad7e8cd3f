import type { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { AccessTokens } from '../domain/access-token.ts';
import { hashRefreshToken, isRefreshToken, toSuccessor } from '../domain/refresh-token.ts';
import { issueTokens } from '../domain/session-tokens.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { credentialExpired, credentialInvalid } from '../errors.ts';
import { exchangeRefreshToken } from '../store/session-store.ts';

export interface RefreshSessionDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly accessTokens: AccessTokens;
  /** Derives each refresh token from the one before. */
  readonly successorKey: Uint8Array;
  readonly sessionLifetimeMs: number;
  readonly wakeUps: WakeUps;
}

/** Exchanges a refresh token. A used one that comes back after the grace ends the session: somebody copied it. */
export function refreshSession(deps: RefreshSessionDeps): Handler<typeof AuthService.method.refreshSession> {
  const { sql, clock, accessTokens, successorKey, sessionLifetimeMs, wakeUps } = deps;
  return async ({ refreshToken }, { log }) => {
    if (!isRefreshToken(refreshToken)) throw credentialInvalid();
    const successor = toSuccessor(refreshToken, successorKey);
    const nowMs = clock.now();
    const { verdict, claims } = await exchangeRefreshToken(sql, {
      tokenHash: hashRefreshToken(refreshToken),
      successorHash: hashRefreshToken(successor),
      now: new Date(nowMs),
      expireTime: new Date(nowMs + sessionLifetimeMs),
    });
    if (verdict === 'reused') {
      wakeUps.wake();
      log.warn({ sessionId: claims?.sessionId }, 'refresh token reused: session ended');
    }
    if (verdict === 'expired') throw credentialExpired();
    if (!claims || (verdict !== 'fresh' && verdict !== 'raced')) throw credentialInvalid();
    return await issueTokens(accessTokens, claims, successor, nowMs);
  };
}
