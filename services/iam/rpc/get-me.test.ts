import { create } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { testDatabases } from '../../mesh/sql/testing.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  registerAccount,
  resolveApiKey,
  type TestIam,
} from '../testing.ts';

describe.each(testDatabases)('GetMe on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database);
  });
  afterAll(() => close());

  test('OK: a user sees itself and its organization', async () => {
    const { email, userId, principal } = await registerAccount(iam);
    await registerAccount(iam);
    const createTime = { seconds: BigInt(iam.clock.now() / 1000), nanos: 0 };
    expect(await iam.users.getMe({}, as(principal))).toMatchObject({
      user: { userId, email, name: 'Ada', createTime },
      organization: {
        organizationId: principal.organizationId,
        displayName: 'Ada',
        plan: 'standard',
        createTime,
      },
    });
  });

  test('OK: an API key sees its creator', async () => {
    const { userId, principal } = await registerAccount(iam);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal));
    const me = await iam.users.getMe({}, as(await resolveApiKey(iam, secret)));
    expect(me.user?.userId).toBe(userId);
  });

  test('UNAUTHENTICATED CREDENTIAL_MISSING: no principal', async () => {
    const error = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_MISSING };
    await expect(iam.users.getMe({})).rejects.toMatchObject(error);
  });

  test('UNAUTHENTICATED CREDENTIAL_INVALID: a principal whose user and organization do not belong together', async () => {
    const one = await registerAccount(iam);
    const other = await registerAccount(iam);
    const { organizationId } = other.principal;
    const mixed = create(PrincipalSchema, { userId: one.userId, organizationId });
    const error = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_INVALID };
    await expect(iam.users.getMe({}, as(mixed))).rejects.toMatchObject(error);
  });
});
