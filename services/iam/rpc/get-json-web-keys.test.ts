import { createLocalJWKSet, jwtVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { generateSigningKeys, parseSigningKeys, type SigningKeys } from '../domain/signing-key.ts';
import { createTestIam, openIamDatabase, registerAccount, type TestIam } from '../testing.ts';

describe.each(testDatabases.slice(0, 1))('GetJsonWebKeys', (kind) => {
  let iam: TestIam;
  let signingKeys: SigningKeys;
  let close: () => Promise<void>;
  beforeAll(async () => {
    const database = await openIamDatabase(kind);
    close = database.close;
    const [current] = parseSigningKeys(await generateSigningKeys());
    const [former] = parseSigningKeys(await generateSigningKeys());
    signingKeys = [current, former];
    iam = await createTestIam(database, { signingKeys });
  });
  afterAll(() => close());

  test('OK: the set has every key in use and no private half', async () => {
    const { keys } = await iam.auth.getJsonWebKeys({});
    expect(keys.map(({ $typeName, ...key }) => key)).toEqual(
      signingKeys.map(({ kid, x }) => ({ kid, x, kty: 'OKP', crv: 'Ed25519', use: 'sig', alg: 'EdDSA' })),
    );
    expect(JSON.stringify(keys)).not.toContain(signingKeys[0].d);
  });

  test('an outside verifier accepts an access token by this set', async () => {
    const { accessToken, userId, principal } = await registerAccount(iam);
    const { keys } = await iam.auth.getJsonWebKeys({});
    const verified = await jwtVerify(
      accessToken,
      createLocalJWKSet({ keys: keys.map((key) => ({ ...key })) }),
      {
        issuer: 'trellis',
        audience: 'trellis',
        typ: 'at+jwt',
        currentDate: new Date(iam.clock.now()),
      },
    );
    expect(verified.payload).toMatchObject({
      sub: userId,
      org: principal.organizationId,
      sid: principal.credentialId,
    });
  });
});
