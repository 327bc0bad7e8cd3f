import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK } from 'jose';

/** A private Ed25519 key with its id. */
export interface SigningKey {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
  readonly kid: string;
}

/** The keys in use: the first signs, all verify, so that a new one can be put in front of the old. */
export type SigningKeys = readonly [SigningKey, ...SigningKey[]];

/** Reads a JSON Web Key Set of private Ed25519 keys, the signing one first. Throws with what is allowed. */
export function parseSigningKeys(json: string): SigningKeys {
  const expectation = 'must be a JSON Web Key Set of private Ed25519 keys, each with its own kid';
  let set: { readonly keys?: readonly JWK[] } | null;
  try {
    set = JSON.parse(json);
  } catch {
    // The parser's message would quote the key.
    throw new Error(expectation);
  }
  const keys = (Array.isArray(set?.keys) ? set.keys : []).map((key: JWK | null): SigningKey => {
    if (key?.kty !== 'OKP' || key.crv !== 'Ed25519' || !key.x || !key.d || !key.kid)
      throw new Error(expectation);
    return { kty: 'OKP', crv: 'Ed25519', x: key.x, d: key.d, kid: key.kid };
  });
  if (keys.length === 0 || new Set(keys.map(({ kid }) => kid)).size < keys.length)
    throw new Error(expectation);
  return keys as unknown as SigningKeys;
}

/** A new key, in the form that parseSigningKeys reads; its id is its thumbprint (RFC 7638). */
export async function generateSigningKeys(): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const key = await exportJWK(privateKey);
  return JSON.stringify({ keys: [{ ...key, kid: await calculateJwkThumbprint(key) }] });
}
