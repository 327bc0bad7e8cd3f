import { readFile } from 'node:fs/promises';
import { exportJWK, generateKeyPair, type JWK } from 'jose';
import { writeFileOnce } from '../process/write-file-once.ts';

/** The Ed25519 key pair by which services of one mesh know each other. Engine processes get the public half only. */
export interface MeshKey {
  readonly privateKey: JWK;
  readonly publicKey: JWK;
}

/** Reads the key pair from a file; makes it, readable by its owner only, where there is none. */
export async function loadMeshKey(path: string): Promise<MeshKey> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  await writeFileOnce(path, JSON.stringify(await exportJWK(privateKey)));
  return parseMeshKey(await readFile(path, 'utf8'));
}

/** The key pair of a private JWK in JSON. */
export function parseMeshKey(json: string): MeshKey {
  const privateKey = parseJson(json);
  if (privateKey?.kty !== 'OKP' || privateKey.crv !== 'Ed25519' || !privateKey.d || !privateKey.x) {
    throw new Error('the mesh key must be a private Ed25519 key as JSON Web Key');
  }
  const { kty, crv, x } = privateKey;
  return { privateKey, publicKey: { kty, crv, x } };
}

/** Undefined for what is not JSON: the parser's own error would quote from the key. */
function parseJson(json: string): JWK | null | undefined {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
