import type { AccessClaims, AccessTokens } from './access-token.ts';

/** What a client gets when a session opens or goes on. */
export interface SessionTokens {
  readonly userId: string;
  readonly accessToken: string;
  readonly refreshToken: string;
  /** Seconds. */
  readonly expiresIn: number;
}

/** Issues the access token that goes with a refresh token. */
export async function issueTokens(
  accessTokens: AccessTokens,
  claims: AccessClaims,
  refreshToken: string,
  nowMs: number,
): Promise<SessionTokens> {
  const accessToken = await accessTokens.issue(claims, nowMs);
  return { userId: claims.userId, accessToken, refreshToken, expiresIn: accessTokens.lifetimeMs / 1000 };
}
