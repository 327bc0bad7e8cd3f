import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type { RpcError } from '../../mesh/rpc/error.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { readRevocations } from '../store/revocation-store.ts';
import {
  as,
  createTestIam,
  openIamDatabase,
  present,
  registerAccount,
  resolveApiKey,
  type TestIam,
} from '../testing.ts';

describe.each(testDatabases)('RevokeApiKey on $name', (kind) => {
  let iam: TestIam;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    iam = await createTestIam(database);
  });
  afterAll(() => close());

  const createKey = async () => {
    const { principal } = await registerAccount(iam);
    const { apiKey, secret } = await iam.apiKeys.createApiKey({ displayName: 'ci' }, as(principal));
    return { principal, secret, apiKeyId: present(apiKey).apiKeyId };
  };

  test('OK: the key is refused from now on', async () => {
    const { principal, secret, apiKeyId } = await createKey();
    await iam.apiKeys.revokeApiKey({ apiKeyId }, as(principal));
    const error = { code: Code.UNAUTHENTICATED, reason: ErrorReason.CREDENTIAL_INVALID };
    await expect(resolveApiKey(iam, secret)).rejects.toMatchObject(error);
  });

  test('OK: revoking again, in parallel too, is fine and adds to the feed once', async () => {
    const { principal, apiKeyId } = await createKey();
    const revoke = () => iam.apiKeys.revokeApiKey({ apiKeyId }, as(principal));
    await Promise.all([revoke(), revoke(), revoke()]);
    await revoke();
    const { credentialIds } = await readRevocations(iam.sql, 0n, 1000);
    expect(credentialIds.filter((id) => id === apiKeyId)).toHaveLength(1);
  });

  test("NOT_FOUND API_KEY_NOT_FOUND: another organization's key answers exactly as a missing one and stays good", async () => {
    const { secret, apiKeyId } = await createKey();
    const stranger = as((await registerAccount(iam)).principal);
    const foreign: RpcError = await iam.apiKeys.revokeApiKey({ apiKeyId }, stranger).then(present, (e) => e);
    const missing: RpcError = await iam.apiKeys
      .revokeApiKey({ apiKeyId: 'x' }, stranger)
      .then(present, (e) => e);
    expect(missing).toMatchObject({ code: Code.NOT_FOUND, reason: ErrorReason.API_KEY_NOT_FOUND });
    expect({ ...foreign, message: foreign.message }).toEqual({ ...missing, message: missing.message });
    await resolveApiKey(iam, secret);
  });
});
