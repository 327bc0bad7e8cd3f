import { createHash } from 'node:crypto';
import type { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { IdGenerator } from '../../mesh/id/id.ts';
import { toSubjectKey } from '../../mesh/limit/limit-subject.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { AccessTokens } from '../domain/access-token.ts';
import { toEmailKey } from '../domain/email.ts';
import { accountBackOff, addressBackOff } from '../domain/login-back-off.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import { generateRefreshToken, hashRefreshToken } from '../domain/refresh-token.ts';
import { issueTokens } from '../domain/session-tokens.ts';
import { loginFailed, loginThrottled, refuseWhereBusy } from '../errors.ts';
import { findLogin } from '../store/account-store.ts';
import { admitLogin, forgiveLogin } from '../store/login-failure-store.ts';
import { insertSession } from '../store/session-store.ts';

export interface LoginDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly createId: IdGenerator;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly sessionLifetimeMs: number;
}

/** Opens a session. Known and unknown addresses take the same way through it, back-off included. */
export function login(deps: LoginDeps): Handler<typeof AuthService.method.login> {
  const { sql, clock, createId, passwords, accessTokens } = deps;
  return async ({ email, password }, { clientAddress }) => {
    const account = toAccountSubject(email);
    const address = clientAddress === '' ? undefined : toSubjectKey({ address: clientAddress });
    const subjects = [
      { subject: account, policy: accountBackOff },
      ...(address === undefined ? [] : [{ subject: address, policy: addressBackOff }]),
    ];
    const waitMs = await admitLogin(sql, subjects, clock.now());
    if (waitMs > 0) throw loginThrottled(waitMs);

    const found = await findLogin(sql, email);
    const matches = await passwords.verify(password, found?.passwordHash).catch(refuseWhereBusy);
    if (!found || !matches) throw loginFailed();

    const nowMs = clock.now();
    const { userId, organizationId } = found;
    const claims = { userId, organizationId, sessionId: createId('ses') };
    const refreshToken = generateRefreshToken();
    await sql.transaction(async (tx) => {
      await forgiveLogin(tx, account, address);
      await insertSession(tx, {
        ...claims,
        tokenHash: hashRefreshToken(refreshToken),
        createTime: new Date(nowMs),
        expireTime: new Date(nowMs + deps.sessionLifetimeMs),
      });
    });
    return await issueTokens(accessTokens, claims, refreshToken, nowMs);
  };
}

/** Hashed, because people type passwords into the field for the address. */
function toAccountSubject(email: string): string {
  return `account/${createHash('sha256').update(toEmailKey(email)).digest('base64url')}`;
}
