import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { and, eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import { formatApiKey, generateApiKey, parseApiKey } from '../../mesh/credential/api-key.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import type { Role } from '../domain/role.ts';
import { member } from '../store/schema.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  present,
  registerAccount,
  resolveAccessToken,
  resolveApiKey,
  type TestAccount,
  type TestIam,
} from '../testing.ts';

const invalid = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_INVALID };
const expired = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_EXPIRED };
const graphId = `kg_${'a'.repeat(20)}`;
const { GRAPH_READ, GRAPH_WRITE, GRAPH_ADMIN, GRAPH_CREATE, ORGANIZATION_READ, ORGANIZATION_ADMIN } =
  Permission;
const all = [GRAPH_READ, GRAPH_WRITE, GRAPH_ADMIN, GRAPH_CREATE, ORGANIZATION_READ, ORGANIZATION_ADMIN];

describe.each(testDatabases)('ResolvePrincipal on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database);
  });
  afterAll(() => close());

  const setRole = async ({ userId, principal }: TestAccount, role: Role) =>
    await iam.sql
      .update(member)
      .set({ role })
      .where(and(eq(member.userId, userId), eq(member.organizationId, principal.organizationId)));

  test('OK: an access token stands for its user until it expires', async () => {
    const { accessToken, userId } = await registerAccount(iam);
    const me = await resolveAccessToken(iam, accessToken);
    expect(me).toMatchObject({
      principalId: userId,
      userId,
      plan: 'standard',
      permissions: all,
      graphIds: [],
    });
    expect(me.organizationId).toMatch(/^org_/);
    expect(me.credentialId).toMatch(/^ses_/);
    expect(me.expireTime).toEqual(timestampFromMs(iam.clock.now() + 600_000));
  });

  test("OK: an unrestricted key has its creator's permissions", async () => {
    const { principal, userId } = await registerAccount(iam);
    const { apiKey, secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal));
    const { apiKeyId } = present(apiKey);
    const resolved = await resolveApiKey(iam, secret);
    expect(resolved.expireTime).toBeUndefined();
    expect(resolved).toMatchObject({
      principalId: `key_${apiKeyId}`,
      userId,
      organizationId: principal.organizationId,
      plan: 'standard',
      permissions: all,
      graphIds: [],
      credentialId: apiKeyId,
    });
  });

  test('OK: a key of some graphs may read and write these and nothing else', async () => {
    const { principal } = await registerAccount(iam);
    const request = { displayName: 'ci', graphIds: [graphId] };
    const { secret } = await iam.apiKeys.createApiKey(request, as(principal));
    expect(await resolveApiKey(iam, secret)).toMatchObject({
      graphIds: [graphId],
      permissions: [GRAPH_READ, GRAPH_WRITE],
    });
  });

  test('OK: permissions follow the role, for the keys that the user created too', async () => {
    const account = await registerAccount(iam);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(account.principal));
    const member = [GRAPH_READ, GRAPH_WRITE, ORGANIZATION_READ];
    for (const [role, permissions] of [['admin', all] as const, ['member', member] as const]) {
      await setRole(account, role);
      expect((await resolveAccessToken(iam, account.accessToken)).permissions).toEqual(permissions);
      expect((await resolveApiKey(iam, secret)).permissions).toEqual(permissions);
    }
  });

  test('UNAUTHENTICATED CREDENTIAL_EXPIRED: an access token and a key whose time is over', async () => {
    const { accessToken, principal } = await registerAccount(iam);
    const expireTime = timestampFromMs(iam.clock.now() + 600_000);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci', expireTime }, as(principal));
    iam.clock.advance(599_000);
    await resolveAccessToken(iam, accessToken);
    await resolveApiKey(iam, secret);
    iam.clock.advance(1_000);
    await expect(resolveAccessToken(iam, accessToken)).rejects.toMatchObject(expired);
    await expect(resolveApiKey(iam, secret)).rejects.toMatchObject(expired);
  });

  test('UNAUTHENTICATED CREDENTIAL_INVALID: a key with the right id and another secret, expired or not', async () => {
    const { principal } = await registerAccount(iam);
    const expireTime = timestampFromMs(iam.clock.now() + 1000);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci', expireTime }, as(principal));
    const { keyId } = present(parseApiKey(secret));
    const forged = formatApiKey({ keyId, secret: generateApiKey().secret });
    await expect(resolveApiKey(iam, forged)).rejects.toMatchObject(invalid);
    iam.clock.advance(1000);
    await expect(resolveApiKey(iam, forged)).rejects.toMatchObject(invalid);
  });

  test('UNAUTHENTICATED CREDENTIAL_INVALID: a well-formed key that nobody has', async () => {
    await expect(resolveApiKey(iam, formatApiKey(generateApiKey()))).rejects.toMatchObject(invalid);
  });

  test('UNAUTHENTICATED CREDENTIAL_INVALID: an access token that another mesh signed', async () => {
    const foreignDatabase = await openIamDatabase(kind);
    const foreign = await createTestIam(foreignDatabase);
    const { accessToken } = await registerAccount(foreign);
    await expect(resolveAccessToken(iam, accessToken)).rejects.toMatchObject(invalid);
    await foreignDatabase.close();
  });
});

describe('ResolvePrincipal without a database', () => {
  test('garbage is refused without a look-up', async () => {
    const iam = await createTestIam({
      // Whatever is asked of it fails.
      sql: Object.freeze(Object.create(null)),
      migrate: async () => {},
      close: async () => {},
    });
    const key = formatApiKey(generateApiKey());
    await expect(resolveApiKey(iam, key)).rejects.toMatchObject({ code: Code.INTERNAL });
    const wrongChecksum = key.slice(0, -1) + (key.endsWith('0') ? '1' : '0');
    for (const garbage of ['', 'trl_live_', wrongChecksum]) {
      await expect(resolveApiKey(iam, garbage)).rejects.toMatchObject(invalid);
    }
    for (const garbage of ['', 'a.b.c', 'eyJhbGciOiJub25lIn0.e30.']) {
      await expect(resolveAccessToken(iam, garbage)).rejects.toMatchObject(invalid);
    }
  });
});
