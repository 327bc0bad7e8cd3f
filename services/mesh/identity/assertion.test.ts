import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { base64url, decodeJwt, exportJWK, generateKeyPair, importJWK, type JWK, SignJWT } from 'jose';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { Permission } from '../../../gen/trellis/policy/v1/policy_pb.js';
import {
  assertionLifetimeMs,
  createSigner,
  createVerifier,
  type Signer,
  type Verifier,
} from './assertion.ts';

const principal = create(PrincipalSchema, {
  principalId: 'key_1',
  organizationId: 'org_1',
  permissions: [Permission.GRAPH_READ, Permission.GRAPH_WRITE],
  graphIds: ['kg_1', 'kg_ü'],
});

let privateKey: JWK;
let sign: Signer;
let verify: Verifier;

beforeEach(async () => {
  const pair = await generateKeyPair('EdDSA', { extractable: true });
  privateKey = await exportJWK(pair.privateKey);
  sign = await createSigner('edge', privateKey);
  verify = await createVerifier(await exportJWK(pair.publicKey));
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
});
afterEach(() => vi.useRealTimers());

const refusal = (assertion: string | undefined) =>
  Promise.resolve(verify(assertion)).then(
    () => 'verified',
    (error) => ErrorReason[error.reason],
  );

describe('an assertion', () => {
  it('brings service and principal over as they are', async () => {
    const { assertion } = await sign(principal);
    const caller = await verify(assertion);
    expect(caller).toMatchObject({ service: 'edge', principal, assertion });
  });

  it('of a service for itself has no principal', async () => {
    expect(await verify((await sign()).assertion)).not.toHaveProperty('principal');
  });

  it('that is missing is missed', async () => {
    expect([await refusal(undefined), await refusal('')]).toEqual([
      'CREDENTIAL_MISSING',
      'CREDENTIAL_MISSING',
    ]);
  });

  it('is good for its lifetime and not longer, also where it was verified before', async () => {
    const { assertion } = await sign(principal);
    await verify(assertion);
    vi.advanceTimersByTime(assertionLifetimeMs - 1_001);
    expect(await refusal(assertion)).toBe('verified');
    vi.advanceTimersByTime(1_001);
    expect(await refusal(assertion)).toBe('CREDENTIAL_INVALID');
  });

  it('outlives no credential', async () => {
    const expireTime = timestampFromMs(Date.now() + 5_000);
    const { assertion } = await sign(create(PrincipalSchema, { ...principal, expireTime }));
    expect(await refusal(assertion)).toBe('verified');
    vi.advanceTimersByTime(5_000);
    expect(await refusal(assertion)).toBe('CREDENTIAL_INVALID');
  });

  it('is verified once and remembered', async () => {
    const { assertion } = await sign(principal);
    expect(await verify(assertion)).toBe(await verify(assertion));
  });

  it('with any part changed is refused, also after the true one was verified', async () => {
    const { assertion } = await sign(principal);
    await verify(assertion);
    const [head = '', body = '', signature = ''] = assertion.split('.');
    const other = base64url.encode(JSON.stringify({ ...decodeJwt(assertion), sub: 'iam' }));
    const flip = (text: string) => (text[0] === 'A' ? 'B' : 'A') + text.slice(1);
    for (const forged of [
      `${head}.${other}.${signature}`,
      `${head}.${body}.${flip(signature)}`,
      `${head}.${body}.`,
      `${base64url.encode('{"alg":"none","typ":"trellis-assertion+jwt"}')}.${body}.`,
      'garbage',
    ]) {
      expect(await refusal(forged), forged).toBe('CREDENTIAL_INVALID');
    }
  });

  it('of another mesh is refused', async () => {
    const other = await generateKeyPair('EdDSA', { extractable: true });
    const forged = await createSigner('edge', await exportJWK(other.privateKey));
    expect(await refusal((await forged(principal)).assertion)).toBe('CREDENTIAL_INVALID');
  });

  it.each([
    ['another kind of token', { typ: 'at+jwt' }],
    ['another audience', { audience: 'somebody' }],
    ['no end', { expires: false }],
  ])('by the right key but with %s is refused', async (_, change) => {
    const { typ, audience, expires } = {
      typ: 'trellis-assertion+jwt',
      audience: 'trellis-mesh',
      expires: true,
      ...change,
    };
    const token = new SignJWT({})
      .setProtectedHeader({ alg: 'EdDSA', typ })
      .setSubject('edge')
      .setAudience(audience);
    if (expires) token.setExpirationTime('1m');
    const assertion = await token.sign(await importJWK(privateKey, 'EdDSA'));
    expect(await refusal(assertion)).toBe('CREDENTIAL_INVALID');
  });
});
