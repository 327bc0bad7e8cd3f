import { type CryptoKey, errors, importJWK, type JWK, jwtVerify, SignJWT } from 'jose';
import type { SigningKeys } from './signing-key.ts';

const algorithm = 'EdDSA';
const tokenType = 'at+jwt';

/** What an access token says (RFC 9068). */
export interface AccessClaims {
  readonly userId: string;
  readonly organizationId: string;
  readonly sessionId: string;
}

/** What a token turned out to be; only a good one says anything. */
export type AccessVerification =
  | { readonly kind: 'valid'; readonly claims: AccessClaims; readonly expireMs: number }
  | { readonly kind: 'expired' }
  | { readonly kind: 'invalid' };

/** Issues access tokens and verifies them. */
export interface AccessTokens {
  readonly lifetimeMs: number;
  issue(claims: AccessClaims, nowMs: number): Promise<string>;
  verify(token: string, nowMs: number): Promise<AccessVerification>;
}

export interface AccessTokenOptions {
  readonly issuer: string;
  readonly audience: string;
  readonly lifetimeMs: number;
}

/** Access tokens signed with the first key. The algorithm and type are pinned: a header cannot choose them. */
export async function createAccessTokens(
  signingKeys: SigningKeys,
  { issuer, audience, lifetimeMs }: AccessTokenOptions,
): Promise<AccessTokens> {
  const [signing] = signingKeys;
  const privateKey = await importKey(signing);
  const publicKeys = new Map<string | undefined, CryptoKey>();
  for (const { kty, crv, x, kid } of signingKeys) publicKeys.set(kid, await importKey({ kty, crv, x }));

  return {
    lifetimeMs,
    issue: ({ userId, organizationId, sessionId }, nowMs) =>
      new SignJWT({ org: organizationId, sid: sessionId })
        .setProtectedHeader({ alg: algorithm, typ: tokenType, kid: signing.kid })
        .setIssuer(issuer)
        .setAudience(audience)
        .setSubject(userId)
        .setIssuedAt(Math.floor(nowMs / 1000))
        .setExpirationTime(Math.floor((nowMs + lifetimeMs) / 1000))
        .sign(privateKey),
    verify: async (token, nowMs) => {
      try {
        const { payload } = await jwtVerify(token, ({ kid }) => findKey(publicKeys, kid), {
          algorithms: [algorithm],
          typ: tokenType,
          issuer,
          audience,
          currentDate: new Date(nowMs),
          requiredClaims: ['exp', 'sub', 'org', 'sid'],
        });
        const { sub, org, sid, exp } = payload;
        if (!sub || !exp || typeof org !== 'string' || typeof sid !== 'string') return { kind: 'invalid' };
        const claims = { userId: sub, organizationId: org, sessionId: sid };
        return { kind: 'valid', claims, expireMs: exp * 1000 };
      } catch (error) {
        // Claims are looked at after the signature, so an expired token was genuine.
        if (error instanceof errors.JWTExpired) return { kind: 'expired' };
        if (error instanceof errors.JOSEError) return { kind: 'invalid' };
        throw error;
      }
    },
  };
}

function findKey(keys: ReadonlyMap<string | undefined, CryptoKey>, kid: string | undefined): CryptoKey {
  const key = keys.get(kid);
  if (key) return key;
  throw new errors.JWKSNoMatchingKey();
}

async function importKey(key: JWK): Promise<CryptoKey> {
  return (await importJWK(key, algorithm)) as CryptoKey;
}
