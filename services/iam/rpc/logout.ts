import type { AuthService } from '../../../gen/trellis/iam/v1/auth_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import { hashRefreshToken } from '../domain/refresh-token.ts';
import type { WakeUps } from '../domain/wake-ups.ts';
import { endSessionOf } from '../store/session-store.ts';

export interface LogoutDeps {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly wakeUps: WakeUps;
}

/** Ends a session by any of its refresh tokens. A token of no session is fine too, so the answer tells nothing. */
export function logout({ sql, clock, wakeUps }: LogoutDeps): Handler<typeof AuthService.method.logout> {
  return async ({ refreshToken }) => {
    const ended = await endSessionOf(sql, hashRefreshToken(refreshToken), new Date(clock.now()));
    if (ended) wakeUps.wake();
    return {};
  };
}
