import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { loadPeppers, loadSigningKeys } from './key-file.ts';

let directory: string;
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-iam-'));
});
afterEach(() => rm(directory, { recursive: true }));

test('keys are made once: every later start and every racing one reads the same', async () => {
  const peppers = await Promise.all([loadPeppers(directory), loadPeppers(directory)]);
  const signingKeys = await Promise.all([loadSigningKeys(directory), loadSigningKeys(directory)]);
  expect(new Set([...peppers, await loadPeppers(directory)].map((keys) => keys[0].value)).size).toBe(1);
  expect(new Set([...signingKeys, await loadSigningKeys(directory)].map((keys) => keys[0].d)).size).toBe(1);
});

test('only their owner may read them', async () => {
  await loadPeppers(directory);
  await loadSigningKeys(directory);
  const names = await readdir(directory);
  expect(names.sort()).toEqual(['iam-key-pepper', 'iam-signing-keys.json']);
  for (const name of names) expect((await stat(join(directory, name))).mode & 0o777).toBe(0o600);
});

test('a damaged file stops the start with its path and is not overwritten', async () => {
  const path = join(directory, 'iam-signing-keys.json');
  await writeFile(path, '{}');
  await expect(loadSigningKeys(directory)).rejects.toThrow(path);
  await expect(loadSigningKeys(directory)).rejects.toThrow(path);
});
