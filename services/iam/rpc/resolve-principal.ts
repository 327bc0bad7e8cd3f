import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate, timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { PrincipalSchema, PrincipalService } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { parseApiKey } from '../../mesh/credential/api-key.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { AccessTokens } from '../domain/access-token.ts';
import { isSealedSecret, type Peppers } from '../domain/pepper.ts';
import { apiKeyPermissions, userPermissions } from '../domain/role.ts';
import { credentialExpired, credentialInvalid } from '../errors.ts';
import { findApiKeyStanding } from '../store/api-key-store.ts';
import { findSessionStanding } from '../store/session-store.ts';

export interface ResolvePrincipalDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly peppers: Peppers;
  readonly accessTokens: AccessTokens;
  /** The organization that runs the platform, if one does. */
  readonly platformOrganizationId: string | undefined;
}

type PrincipalInit = MessageInitShape<typeof PrincipalSchema>;

/** Answers who is behind a credential. What is no credential by its form costs no look-up. */
export function resolvePrincipal(
  deps: ResolvePrincipalDeps,
): Handler<typeof PrincipalService.method.resolvePrincipal> {
  return async ({ credential }) => {
    if (credential.case === 'apiKey') return { principal: await ofApiKey(deps, credential.value) };
    if (credential.case === 'accessToken') return { principal: await ofAccessToken(deps, credential.value) };
    throw credentialInvalid();
  };
}

async function ofApiKey(deps: ResolvePrincipalDeps, text: string): Promise<PrincipalInit> {
  const { sql, clock, peppers, platformOrganizationId } = deps;
  const parts = parseApiKey(text);
  if (!parts) throw credentialInvalid();
  const found = await findApiKeyStanding(sql, parts.keyId);
  // Whether it was revoked or has expired is only for those who hold the secret.
  if (!found || !isSealedSecret(peppers, parts.secret, found.key)) throw credentialInvalid();
  const { key, role, plan, repositories } = found;
  const runsPlatform = key.organizationId === platformOrganizationId;
  if (key.revokeTime) throw credentialInvalid();
  if (key.expireTime && key.expireTime.getTime() <= clock.now()) throw credentialExpired();
  return {
    principalId: `key_${key.apiKeyId}`,
    userId: key.userId,
    organizationId: key.organizationId,
    plan,
    permissions: apiKeyPermissions(role, key.graphIds, runsPlatform),
    graphIds: key.graphIds,
    repositories: [...repositories],
    credentialId: key.apiKeyId,
    ...(key.expireTime && { expireTime: timestampFromDate(key.expireTime) }),
  };
}

async function ofAccessToken(
  { sql, clock, accessTokens, platformOrganizationId }: ResolvePrincipalDeps,
  token: string,
): Promise<PrincipalInit> {
  const verification = await accessTokens.verify(token, clock.now());
  if (verification.kind === 'expired') throw credentialExpired();
  if (verification.kind === 'invalid') throw credentialInvalid();
  const { claims, expireMs } = verification;
  const standing = await findSessionStanding(sql, claims);
  if (!standing) throw credentialInvalid();
  return {
    principalId: claims.userId,
    userId: claims.userId,
    organizationId: claims.organizationId,
    plan: standing.plan,
    permissions: userPermissions(standing.role, claims.organizationId === platformOrganizationId),
    repositories: [...standing.repositories],
    credentialId: claims.sessionId,
    expireTime: timestampFromMs(expireMs),
  };
}
