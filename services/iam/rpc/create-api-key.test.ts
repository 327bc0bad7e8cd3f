import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { eq } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { parseApiKey } from '../../mesh/credential/api-key.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { apiKey as apiKeyTable } from '../store/schema.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  present,
  registerAccount,
  resolveApiKey,
  type TestIam,
} from '../testing.ts';

const graphId = `kg_${'a'.repeat(20)}`;
const apiKeysMax = 3;

describe.each(testDatabases)('CreateApiKey on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database, { apiKeysMax });
  });
  afterAll(() => close());

  test('OK: the answer has the key and its secret, which works at once', async () => {
    const { principal } = await registerAccount(iam);
    const expireTime = timestampFromMs(iam.clock.now() + 60_000);
    const request = { displayName: 'ci', graphIds: [graphId], expireTime };
    const { apiKey, secret } = await iam.apiKeys.createApiKey(request, as(principal));
    const createTime = timestampFromMs(iam.clock.now());
    expect(apiKey).toMatchObject({ ...request, apiKeyId: parseApiKey(secret)?.keyId, createTime });
    expect((await resolveApiKey(iam, secret)).credentialId).toBe(apiKey?.apiKeyId);
  });

  test('the secret is not stored', async () => {
    const { principal } = await registerAccount(iam);
    const { secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal));
    const { keyId, secret: secretPart } = present(parseApiKey(secret));
    const [row] = await iam.sql.select().from(apiKeyTable).where(eq(apiKeyTable.apiKeyId, keyId));
    expect(row?.secretHash).toMatch(/^[\w-]{43}$/);
    expect(JSON.stringify(row)).not.toContain(secretPart);
  });

  test.each([
    ['no name', { displayName: '' }],
    ['a graph id that is none', { displayName: 'ci', graphIds: ['kg_graph'] }],
    ['an expiry in the past', { displayName: 'ci', expireTime: timestampFromMs(1) }],
  ])('INVALID_ARGUMENT INVALID_REQUEST: %s', async (_, request) => {
    const { principal } = await registerAccount(iam);
    const error = { code: Code.INVALID_ARGUMENT, reason: ErrorReason.INVALID_REQUEST };
    await expect(iam.apiKeys.createApiKey(request, as(principal))).rejects.toMatchObject(error);
  });

  test('RESOURCE_EXHAUSTED API_KEY_LIMIT_REACHED: parallel calls cannot pass the limit', async () => {
    const { principal } = await registerAccount(iam);
    const calls = Array.from({ length: 10 }, () =>
      iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal)),
    );
    const results = await Promise.allSettled(calls);
    expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(apiKeysMax);
    for (const result of results) {
      if (result.status === 'fulfilled') continue;
      expect(result.reason).toMatchObject({
        code: Code.RESOURCE_EXHAUSTED,
        reason: ErrorReason.API_KEY_LIMIT_REACHED,
        metadata: { limit: '3' },
      });
    }
  });

  test('revoked, expired and other organizations’ keys do not count towards the limit', async () => {
    const { principal } = await registerAccount(iam);
    const other = await registerAccount(iam);
    const create = (request: { expireTime?: ReturnType<typeof timestampFromMs> } = {}) =>
      iam.apiKeys.createApiKey({ displayName: 'ci', ...request }, as(principal));
    await iam.apiKeys.createApiKey({ displayName: 'theirs' }, as(other.principal));
    const { apiKey } = await create();
    await create({ expireTime: timestampFromMs(iam.clock.now() + 1000) });
    await create();
    await expect(create()).rejects.toMatchObject({ reason: ErrorReason.API_KEY_LIMIT_REACHED });
    iam.clock.advance(1000);
    await create();
    await iam.apiKeys.revokeApiKey({ apiKeyId: present(apiKey).apiKeyId }, as(principal));
    await create();
    await expect(create()).rejects.toMatchObject({ reason: ErrorReason.API_KEY_LIMIT_REACHED });
  });
});
