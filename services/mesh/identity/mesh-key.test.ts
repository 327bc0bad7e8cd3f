import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { createSigner, createVerifier } from './assertion.ts';
import { loadMeshKey } from './mesh-key.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'trellis-key-'));
});
afterEach(() => rm(base, { recursive: true }));

it('a key is made once, for its owner only, and the same ever after, also for those who start together', async () => {
  const path = join(base, 'keys', 'mesh.json');
  const keys = await Promise.all([1, 2, 3].map(() => loadMeshKey(path)));
  keys.push(await loadMeshKey(path));
  expect(new Set(keys.map(({ publicKey }) => publicKey.x)).size).toBe(1);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});

it('its public half verifies what its private half signs, and holds nothing secret', async () => {
  const { privateKey, publicKey } = await loadMeshKey(join(base, 'mesh.json'));
  const signer = await createSigner('edge', privateKey);
  const verifier = await createVerifier(publicKey);
  expect(await verifier((await signer()).assertion)).toMatchObject({ service: 'edge' });
  expect(Object.keys(publicKey).toSorted()).toEqual(['crv', 'kty', 'x']);
});

it('a file that holds no key stops the start without a quote of it', async () => {
  const path = join(base, 'mesh.json');
  await writeFile(path, '{"d":"secret');
  await expect(loadMeshKey(path)).rejects.toThrow(
    /^the mesh key must be a private Ed25519 key as JSON Web Key$/,
  );
});
