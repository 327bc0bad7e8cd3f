import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { accountBackOff, addressBackOff } from '../domain/login-back-off.ts';
import {
  createTestIam,
  freshEmail,
  from,
  openIamDatabase,
  password,
  registerAccount,
  resolveAccessToken,
  type TestIam,
} from '../testing.ts';

const failed = { code: Code.UNAUTHENTICATED, reason: ErrorReason.LOGIN_FAILED };
const throttled = { code: Code.RESOURCE_EXHAUSTED, reason: ErrorReason.LOGIN_THROTTLED };

describe.each(testDatabases)('Login on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database, { passwordHashesMax: 4 });
  });
  afterAll(() => close());

  const attempt = (email: string, guess: string, address = '') =>
    iam.auth.login({ email, password: guess }, from(address));
  const failTimes = async (count: number, email: string, address?: string) => {
    for (let i = 0; i < count; i++)
      await expect(attempt(email, 'wrong', address)).rejects.toMatchObject(failed);
  };

  test('OK: the answer is a new session of the same user, whatever the case of the address', async () => {
    const { email, userId, principal } = await registerAccount(iam);
    const answer = await attempt(email.toUpperCase(), password);
    expect(answer).toMatchObject({ userId, expiresIn: 600 });
    const again = await resolveAccessToken(iam, answer.accessToken);
    expect(again).toMatchObject({ userId, organizationId: principal.organizationId });
    expect(again.credentialId).not.toBe(principal.credentialId);
  });

  test('UNAUTHENTICATED LOGIN_FAILED: a wrong password and an unknown address get one answer', async () => {
    const { email } = await registerAccount(iam);
    const wrong: RpcError = await attempt(email, 'wrong').catch((error) => error);
    const unknown: RpcError = await attempt(freshEmail(), password).catch((error) => error);
    expect(wrong).toMatchObject(failed);
    expect({ ...unknown, message: unknown.message }).toEqual({ ...wrong, message: wrong.message });
  });

  test('RESOURCE_EXHAUSTED LOGIN_THROTTLED: failures slow the account down from any address, the right password too', async () => {
    const { email } = await registerAccount(iam);
    await failTimes(accountBackOff.freeFailures + 1, email);
    const refused = attempt(email, password, '192.0.2.99');
    await expect(refused).rejects.toMatchObject({ ...throttled, retryAfterMs: accountBackOff.firstWaitMs });
    iam.clock.advance(accountBackOff.firstWaitMs);
    await failTimes(1, email);
    await expect(attempt(email, password)).rejects.toMatchObject({
      ...throttled,
      retryAfterMs: 2 * accountBackOff.firstWaitMs,
    });
    iam.clock.advance(2 * accountBackOff.firstWaitMs);
    await attempt(email, password);
    await failTimes(accountBackOff.freeFailures, email);
  });

  test('an unknown address is throttled as a known one', async () => {
    const email = freshEmail();
    await failTimes(accountBackOff.freeFailures + 1, email);
    await expect(attempt(email, password)).rejects.toMatchObject(throttled);
  });

  test('failures at many accounts slow the client address down; other addresses are not touched', async () => {
    const { email } = await registerAccount(iam);
    for (let i = 0; i <= addressBackOff.freeFailures; i++) await failTimes(1, freshEmail(), '192.0.2.1');
    await expect(attempt(email, password, '192.0.2.1')).rejects.toMatchObject(throttled);
    await attempt(email, password, '192.0.2.2');
  });

  test("an attacker's own logins do not clear his address", async () => {
    const own = await registerAccount(iam);
    for (let i = 0; i < addressBackOff.freeFailures; i++) await failTimes(1, freshEmail(), '192.0.2.3');
    await attempt(own.email, password, '192.0.2.3');
    iam.clock.advance(addressBackOff.firstWaitMs);
    await failTimes(1, freshEmail(), '192.0.2.3');
    await expect(attempt(own.email, password, '192.0.2.3')).rejects.toMatchObject(throttled);
  });

  test('parallel guesses get no more tries than guesses in a row', async () => {
    const { email } = await registerAccount(iam);
    const guesses = Array.from({ length: 40 }, () =>
      attempt(email, 'wrong').catch((error: RpcError) => error),
    );
    const reasons = (await Promise.all(guesses)).map((error) => (error as RpcError).reason);
    expect(reasons.filter((reason) => reason === ErrorReason.LOGIN_FAILED)).toHaveLength(
      accountBackOff.freeFailures + 1,
    );
    expect(reasons.filter((reason) => reason === ErrorReason.LOGIN_THROTTLED)).toHaveLength(
      40 - accountBackOff.freeFailures - 1,
    );
  });
});
