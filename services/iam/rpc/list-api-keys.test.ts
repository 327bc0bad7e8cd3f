import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { toPageToken } from '../domain/page-token.ts';
import { as, createTestIam, openIamDatabase, present, registerAccount, type TestIam } from '../testing.ts';

describe.each(testDatabases)('ListApiKeys on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database);
  });
  afterAll(() => close());

  const create = async (principal: Principal, displayName: string) =>
    present((await iam.apiKeys.createApiKey({ displayName }, as(principal))).apiKey).apiKeyId;

  test('OK: the organization’s own keys that are not revoked, newest first, without secrets', async () => {
    const { principal } = await registerAccount(iam);
    const other = await registerAccount(iam);
    await create(other.principal, 'theirs');
    const revoked = await create(principal, 'revoked');
    for (const name of ['first', 'second']) {
      iam.clock.advance(1);
      await create(principal, name);
    }
    await iam.apiKeys.revokeApiKey({ apiKeyId: revoked }, as(principal));
    const { apiKeys, nextPageToken } = await iam.apiKeys.listApiKeys({}, as(principal));
    expect(apiKeys.map(({ displayName }) => displayName)).toEqual(['second', 'first']);
    expect(nextPageToken).toBe('');
  });

  test('OK: pages meet without gap or overlap, also among keys of one moment and with keys created meanwhile', async () => {
    const { principal } = await registerAccount(iam);
    const ids: string[] = [];
    for (let i = 0; i < 7; i++) {
      if (i === 3) iam.clock.advance(1);
      ids.push(await create(principal, `key ${i}`));
    }
    const seen: string[] = [];
    let pageToken = '';
    do {
      const page = await iam.apiKeys.listApiKeys({ pageSize: 2, pageToken }, as(principal));
      expect(page.apiKeys.length).toBeLessThanOrEqual(2);
      seen.push(...page.apiKeys.map(({ apiKeyId }) => apiKeyId));
      pageToken = page.nextPageToken;
      iam.clock.advance(1);
      await create(principal, 'meanwhile');
    } while (pageToken !== '');
    expect(seen).toHaveLength(7);
    expect([...seen].sort()).toEqual([...ids].sort());
  });

  test('OK: a full last page has no next page', async () => {
    const { principal } = await registerAccount(iam);
    await create(principal, 'a');
    await create(principal, 'b');
    const page = await iam.apiKeys.listApiKeys({ pageSize: 2 }, as(principal));
    expect(page).toMatchObject({ apiKeys: [{}, {}], nextPageToken: '' });
  });

  test("another organization's page token shows nothing of it", async () => {
    const { principal } = await registerAccount(iam);
    const other = await registerAccount(iam);
    const apiKeyId = await create(other.principal, 'theirs');
    const pageToken = toPageToken({ createTime: new Date(iam.clock.now() + 1), apiKeyId });
    expect(await iam.apiKeys.listApiKeys({ pageToken }, as(principal))).toMatchObject({ apiKeys: [] });
  });

  test.each(['garbage', '!', 'MTIz'])(
    'INVALID_ARGUMENT INVALID_REQUEST: page token %s',
    async (pageToken) => {
      const { principal } = await registerAccount(iam);
      const call = iam.apiKeys.listApiKeys({ pageToken }, as(principal));
      await expect(call).rejects.toMatchObject({
        code: Code.INVALID_ARGUMENT,
        reason: ErrorReason.INVALID_REQUEST,
        details: [{ typeUrl: expect.stringContaining('google.rpc.BadRequest') }],
      });
    },
  );
});
