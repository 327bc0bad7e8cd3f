import type { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { IdGenerator } from '../../mesh/id/id.ts';
import type { PlanId } from '../../mesh/plan/tier-table.ts';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { AccessTokens } from '../domain/access-token.ts';
import type { PasswordHasher } from '../domain/password-hasher.ts';
import { generateRefreshToken, hashRefreshToken } from '../domain/refresh-token.ts';
import { issueTokens } from '../domain/session-tokens.ts';
import { emailTaken, refuseWhereBusy } from '../errors.ts';
import { insertAccount } from '../store/account-store.ts';
import { insertPlanGrant } from '../store/plan-grant-store.ts';
import { insertSession } from '../store/session-store.ts';
import { firstClaimMs, type PlanGranter } from '../work/plan-granter.ts';

export interface RegisterDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly createId: IdGenerator;
  readonly passwords: PasswordHasher;
  readonly accessTokens: AccessTokens;
  readonly sessionLifetimeMs: number;
  readonly defaultPlan: PlanId;
  readonly planGranter: PlanGranter;
}

/** Creates a user, the organization it owns, and a session: all of them or none. */
export function register(deps: RegisterDeps): Handler<typeof AuthService.method.register> {
  const { sql, clock, createId, passwords, accessTokens, planGranter } = deps;
  return async ({ email, password, name }, context) => {
    const passwordHash = await passwords.hash(password).catch(refuseWhereBusy);
    const nowMs = clock.now();
    const now = new Date(nowMs);
    const userId = createId('usr');
    const organizationId = createId('org');
    const claims = { userId, organizationId, sessionId: createId('ses') };
    const grant = { organizationId, plan: deps.defaultPlan };
    const refreshToken = generateRefreshToken();
    const created = await sql.transaction(async (tx) => {
      const account = {
        userId,
        organizationId,
        email,
        name,
        passwordHash,
        plan: grant.plan,
        createTime: now,
      };
      if (!(await insertAccount(tx, account))) return false;
      await insertSession(tx, {
        ...claims,
        tokenHash: hashRefreshToken(refreshToken),
        createTime: now,
        expireTime: new Date(nowMs + deps.sessionLifetimeMs),
      });
      await insertPlanGrant(tx, grant, new Date(nowMs + firstClaimMs));
      return true;
    });
    if (!created) throw emailTaken();
    // The account stands; whether its credits come now or with a later attempt does not change the answer.
    await planGranter.grantFirst(grant, context);
    return await issueTokens(accessTokens, claims, refreshToken, nowMs);
  };
}
