import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { failureRetentionMs } from '../domain/login-back-off.ts';
import { createTestIam, openIamDatabase, registerAccount, type TestIam } from '../testing.ts';
import { loginFailure, refreshToken, session } from './schema.ts';
import { trim } from './trim.ts';

const sessionLifetimeMs = 86_400_000;

describe.each(testDatabases)('trim on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database, { sessionLifetimeMs });
  });
  afterAll(() => close());

  test('a session goes with all its tokens once it has expired; one that was refreshed stays', async () => {
    const kept = await registerAccount(iam);
    const expired = await registerAccount(iam);
    iam.clock.advance(sessionLifetimeMs - 1);
    const next = await iam.auth.refreshSession({ refreshToken: kept.refreshToken });
    await iam.auth.refreshSession({ refreshToken: next.refreshToken });
    iam.clock.advance(2);
    await trim(iam.sql, iam.clock.now());
    const sessions = await iam.sql.select().from(session);
    expect(sessions.map(({ sessionId }) => sessionId)).toEqual([kept.principal.credentialId]);
    expect(sessions.map(({ sessionId }) => sessionId)).not.toContain(expired.principal.credentialId);
    // The first token has expired and cannot be exchanged; the used second one must stay to betray its reuse.
    expect(await iam.sql.$count(refreshToken)).toBe(2);
  });

  test('failed logins go when they do not count any more, not before', async () => {
    await expect(iam.auth.login({ email: 'nobody@example.com', password: 'wrong' })).rejects.toThrow();
    iam.clock.advance(failureRetentionMs);
    await trim(iam.sql, iam.clock.now());
    expect(await iam.sql.$count(loginFailure)).toBe(1);
    iam.clock.advance(1);
    await trim(iam.sql, iam.clock.now());
    expect(await iam.sql.$count(loginFailure)).toBe(0);
  });
});
