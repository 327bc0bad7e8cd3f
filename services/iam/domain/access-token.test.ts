import {
  exportJWK,
  generateKeyPair,
  generateSecret,
  importJWK,
  type JWTHeaderParameters,
  SignJWT,
} from 'jose';
import { beforeAll, describe, expect, test } from 'vitest';
import { type AccessTokens, createAccessTokens } from './access-token.ts';
import { generateSigningKeys, parseSigningKeys, type SigningKeys } from './signing-key.ts';

const claims = { userId: 'usr_1', organizationId: 'org_1', sessionId: 'ses_1' };
const options = { issuer: 'trellis', audience: 'trellis', lifetimeMs: 600_000 };
const nowMs = Date.UTC(2100, 0, 1);
const invalid = { kind: 'invalid' };

describe('access tokens', () => {
  let keys: SigningKeys;
  let tokens: AccessTokens;
  beforeAll(async () => {
    keys = parseSigningKeys(await generateSigningKeys());
    tokens = await createAccessTokens(keys, options);
  });

  /** A token signed with the right key, correct but for what is overridden. */
  const forge = async (header: Partial<JWTHeaderParameters>, payload: Record<string, unknown> = {}) =>
    await new SignJWT({
      iss: 'trellis',
      aud: 'trellis',
      sub: 'usr_1',
      org: 'org_1',
      sid: 'ses_1',
      exp: nowMs / 1000 + 600,
      ...payload,
    })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keys[0].kid, ...header })
      .sign(await importJWK(keys[0], 'EdDSA'));

  test('a token says who, for whom and by which session, and until when', async () => {
    const token = await tokens.issue(claims, nowMs);
    expect(await tokens.verify(token, nowMs)).toEqual({ kind: 'valid', claims, expireMs: nowMs + 600_000 });
  });

  test('a token is good for its lifetime and expired after it', async () => {
    const token = await tokens.issue(claims, nowMs);
    expect(await tokens.verify(token, nowMs + 599_999)).toMatchObject({ kind: 'valid' });
    expect(await tokens.verify(token, nowMs + 600_000)).toEqual({ kind: 'expired' });
  });

  test('a token of a key that only verifies any more is still good; of one that is gone it is not', async () => {
    const token = await tokens.issue(claims, nowMs);
    const [next] = parseSigningKeys(await generateSigningKeys());
    const rotated = await createAccessTokens([next, keys[0]], options);
    expect(await rotated.verify(token, nowMs)).toMatchObject({ kind: 'valid' });
    const finished = await createAccessTokens([next], options);
    expect(await finished.verify(token, nowMs)).toEqual(invalid);
  });

  test('the forge of these tests makes a good token when nothing is overridden', async () => {
    expect(await tokens.verify(await forge({}), nowMs)).toMatchObject({ kind: 'valid' });
  });

  test.each([
    ['another type', { typ: 'JWT' }, {}],
    ['another key id', { kid: 'other' }, {}],
    ['another issuer', {}, { iss: 'evil' }],
    ['another audience', {}, { aud: 'evil' }],
    ['no expiry', {}, { exp: undefined }],
    ['no session', {}, { sid: undefined }],
    ['no organization', {}, { org: undefined }],
    ['a session that is no text', {}, { sid: 7 }],
  ])('%s is invalid', async (_, header, payload) => {
    expect(await tokens.verify(await forge(header, payload), nowMs)).toEqual(invalid);
  });

  test('an expired token of a foreign key is invalid, not expired', async () => {
    const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
    const { x = '', d = '' } = await exportJWK(privateKey);
    const foreign = await createAccessTokens([{ ...keys[0], x, d }], options);
    const token = await foreign.issue(claims, nowMs - 700_000);
    expect(await tokens.verify(token, nowMs)).toEqual(invalid);
  });

  test('the algorithm is pinned: HS256 and none are invalid', async () => {
    const header = { typ: 'at+jwt', kid: keys[0].kid };
    const body = new SignJWT({ org: 'org_1', sid: 'ses_1' }).setSubject('usr_1').setExpirationTime('100y');
    const mac = await body
      .setProtectedHeader({ ...header, alg: 'HS256' })
      .sign(await generateSecret('HS256'));
    expect(await tokens.verify(mac, nowMs)).toEqual(invalid);
    const [, payload] = (await tokens.issue(claims, nowMs)).split('.');
    const unsigned = Buffer.from(JSON.stringify({ ...header, alg: 'none' })).toString('base64url');
    expect(await tokens.verify(`${unsigned}.${payload}.`, nowMs)).toEqual(invalid);
  });
});
