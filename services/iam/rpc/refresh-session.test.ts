import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { generateRefreshToken, refreshGraceMs } from '../domain/refresh-token.ts';
import { readRevocations } from '../store/revocation-store.ts';
import { refreshToken as refreshTokenTable } from '../store/schema.ts';
import {
  createTestIam,
  openIamDatabase,
  registerAccount,
  resolveAccessToken,
  type TestIam,
} from '../testing.ts';

const invalid = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_INVALID };
const expired = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_EXPIRED };
const sessionLifetimeMs = 86_400_000;

describe.each(testDatabases)('RefreshSession on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database, { sessionLifetimeMs });
  });
  afterAll(() => close());

  const refresh = (refreshToken: string) => iam.auth.refreshSession({ refreshToken });
  const revokedIds = async () => (await readRevocations(iam.sql, 0n, 1000)).credentialIds;

  test('OK: new tokens of the same session, again and again', async () => {
    const { refreshToken, userId, principal } = await registerAccount(iam);
    const second = await refresh(refreshToken);
    const third = await refresh(second.refreshToken);
    expect(new Set([refreshToken, second.refreshToken, third.refreshToken]).size).toBe(3);
    expect(third).toMatchObject({ userId, expiresIn: 600 });
    expect(await resolveAccessToken(iam, third.accessToken)).toMatchObject({
      credentialId: principal.credentialId,
      organizationId: principal.organizationId,
    });
  });

  test('parallel refreshes of one token all succeed and get one successor', async () => {
    const { refreshToken } = await registerAccount(iam);
    const answers = await Promise.all(Array.from({ length: 8 }, () => refresh(refreshToken)));
    const [successor, ...others] = new Set(answers.map((answer) => answer.refreshToken));
    expect(others).toEqual([]);
    await refresh(successor ?? '');
  });

  test('a used token that comes back after the grace ends the session: access tokens, successors, feed', async () => {
    const { refreshToken, principal } = await registerAccount(iam);
    const thief = await refresh(refreshToken);
    iam.clock.advance(refreshGraceMs);
    await refresh(refreshToken);
    expect(await revokedIds()).not.toContain(principal.credentialId);
    iam.clock.advance(1);
    await expect(refresh(refreshToken)).rejects.toMatchObject(invalid);
    await expect(resolveAccessToken(iam, thief.accessToken)).rejects.toMatchObject(invalid);
    await expect(refresh(thief.refreshToken)).rejects.toMatchObject(invalid);
    expect((await revokedIds()).filter((id) => id === principal.credentialId)).toHaveLength(1);
  });

  test('a token used several generations ago ends the session too', async () => {
    const { refreshToken } = await registerAccount(iam);
    let latest = await refresh(refreshToken);
    for (let i = 0; i < 3; i++) {
      iam.clock.advance(refreshGraceMs);
      latest = await refresh(latest.refreshToken);
    }
    await expect(refresh(refreshToken)).rejects.toMatchObject(invalid);
    await expect(refresh(latest.refreshToken)).rejects.toMatchObject(invalid);
  });

  test('UNAUTHENTICATED CREDENTIAL_EXPIRED: a session not refreshed for its lifetime; each refresh extends it', async () => {
    const { refreshToken } = await registerAccount(iam);
    iam.clock.advance(sessionLifetimeMs - 1);
    const second = await refresh(refreshToken);
    iam.clock.advance(sessionLifetimeMs - 1);
    const third = await refresh(second.refreshToken);
    iam.clock.advance(sessionLifetimeMs);
    await expect(refresh(third.refreshToken)).rejects.toMatchObject(expired);
  });

  test.each([
    ['an unknown token', generateRefreshToken()],
    ['garbage', 'garbage'],
  ])('UNAUTHENTICATED CREDENTIAL_INVALID: %s', async (_, token) => {
    await expect(refresh(token)).rejects.toMatchObject(invalid);
  });

  test('no token is stored, only hashes', async () => {
    const { refreshToken } = await registerAccount(iam);
    const { refreshToken: successor } = await refresh(refreshToken);
    const stored = JSON.stringify(await iam.sql.select().from(refreshTokenTable));
    expect(stored).not.toContain(refreshToken.slice(4));
    expect(stored).not.toContain(successor.slice(4));
  });
});
