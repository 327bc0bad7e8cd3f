import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { readRevocations } from '../store/revocation-store.ts';
import {
  createTestIam,
  openIamDatabase,
  password,
  registerAccount,
  resolveAccessToken,
  type TestIam,
} from '../testing.ts';

const invalid = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_INVALID };

describe.each(testDatabases)('Logout on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database);
  });
  afterAll(() => close());

  test('OK: the session is over for its access and refresh tokens; other sessions of the user go on', async () => {
    const { email, accessToken, refreshToken } = await registerAccount(iam);
    const other = await iam.auth.login({ email, password });
    await iam.auth.logout({ refreshToken });
    await expect(resolveAccessToken(iam, accessToken)).rejects.toMatchObject(invalid);
    await expect(iam.auth.refreshSession({ refreshToken })).rejects.toMatchObject(invalid);
    await resolveAccessToken(iam, other.accessToken);
    await iam.auth.refreshSession({ refreshToken: other.refreshToken });
  });

  test('OK: any refresh token of the session ends it, a used one too', async () => {
    const { refreshToken } = await registerAccount(iam);
    const next = await iam.auth.refreshSession({ refreshToken });
    await iam.auth.logout({ refreshToken });
    await expect(resolveAccessToken(iam, next.accessToken)).rejects.toMatchObject(invalid);
  });

  test('OK: ending an ended session is fine and adds nothing to the feed', async () => {
    const { refreshToken, principal } = await registerAccount(iam);
    await Promise.all([iam.auth.logout({ refreshToken }), iam.auth.logout({ refreshToken })]);
    await iam.auth.logout({ refreshToken });
    const { credentialIds } = await readRevocations(iam.sql, 0n, 1000);
    expect(credentialIds.filter((id) => id === principal.credentialId)).toHaveLength(1);
  });

  test('OK: a token of no session gets the same answer', async () => {
    expect(await iam.auth.logout({ refreshToken: 'unknown' })).toMatchObject({});
  });

  test('INVALID_ARGUMENT INVALID_REQUEST: no token', async () => {
    const error = { code: Code.INVALID_ARGUMENT, reason: ErrorReason.INVALID_REQUEST };
    await expect(iam.auth.logout({ refreshToken: '' })).rejects.toMatchObject(error);
  });
});
