import { fromBinary, toBinary } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { CryptoKey, JWK } from 'jose';
import * as base64url from 'jose/base64url';
import { SignJWT } from 'jose/jwt/sign';
import { jwtVerify } from 'jose/jwt/verify';
import { importJWK } from 'jose/key/import';
import { LRUCache } from 'lru-cache';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { type Principal, PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import type { Caller } from '../rpc/context.ts';
import { rpcError } from '../rpc/error.ts';

const algorithm = 'EdDSA';
const tokenType = 'trellis-assertion+jwt';
const audience = 'trellis-mesh';

/** How long an assertion is good. It is made again well before. */
export const assertionLifetimeMs = 60_000;

const verifiedMax = 10_000;

/** Signs who calls, for services that do not share a process. */
export type Signer = (principal?: Principal) => Promise<Caller>;

/** Verifies what a Signer made; at once where it is known. Rejects with CREDENTIAL_MISSING or CREDENTIAL_INVALID. */
export type Verifier = (assertion: string | undefined) => Caller | Promise<Caller>;

/** Signs for one service with the private key of the mesh. */
export async function createSigner(service: string, privateKey: JWK): Promise<Signer> {
  const key = (await importJWK(privateKey, algorithm)) as CryptoKey;
  return async (principal) => {
    const claims = principal ? { principal: base64url.encode(toBinary(PrincipalSchema, principal)) } : {};
    const nowSeconds = Math.floor(Date.now() / 1000);
    const credentialEnd = principal?.expireTime
      ? timestampMs(principal.expireTime) / 1000
      : Number.POSITIVE_INFINITY;
    const assertion = await new SignJWT(claims)
      .setProtectedHeader({ alg: algorithm, typ: tokenType })
      .setSubject(service)
      .setAudience(audience)
      .setExpirationTime(Math.floor(Math.min(nowSeconds + assertionLifetimeMs / 1000, credentialEnd)))
      .sign(key);
    return principal ? { service, principal, assertion } : { service, assertion };
  };
}

/** Verifies with the public key of the mesh. Each assertion is checked once and remembered until it expires. */
export async function createVerifier(publicKey: JWK): Promise<Verifier> {
  const key = (await importJWK(publicKey, algorithm)) as CryptoKey;
  const verified = new LRUCache<string, VerifiedCaller>({ max: verifiedMax });
  const verifyNew = async (assertion: string | undefined) => {
    if (!assertion)
      throw rpcError(ErrorReason.CREDENTIAL_MISSING, 'services of the mesh answer only each other');
    const caller = await verify(assertion, key);
    verified.set(assertion, caller);
    return caller;
  };
  return (assertion) => {
    const known = assertion === undefined ? undefined : verified.get(assertion);
    return known && Date.now() < known.expireMs ? known : verifyNew(assertion);
  };
}

interface VerifiedCaller extends Caller {
  readonly expireMs: number;
}

async function verify(assertion: string, key: CryptoKey): Promise<VerifiedCaller> {
  try {
    const { payload } = await jwtVerify(assertion, key, {
      algorithms: [algorithm],
      typ: tokenType,
      audience,
      requiredClaims: ['exp', 'sub'],
    });
    const base = { service: payload.sub ?? '', assertion, expireMs: (payload.exp ?? 0) * 1000 };
    if (typeof payload.principal !== 'string') return base;
    return { ...base, principal: fromBinary(PrincipalSchema, base64url.decode(payload.principal)) };
  } catch (cause) {
    throw rpcError(ErrorReason.CREDENTIAL_INVALID, 'the assertion is not valid', { cause });
  }
}
