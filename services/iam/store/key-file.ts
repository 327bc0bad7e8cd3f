import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileOnce } from '../../mesh/process/write-file-once.ts';
import { generatePeppers, type Peppers, parsePeppers } from '../domain/pepper.ts';
import { generateSigningKeys, parseSigningKeys, type SigningKeys } from '../domain/signing-key.ts';

/** Reads the peppers from `iam-key-pepper` in a directory; makes them, for their owner only, where there are none. */
export async function loadPeppers(directory: string): Promise<Peppers> {
  return await loadKeyFile(join(directory, 'iam-key-pepper'), generatePeppers, parsePeppers);
}

/** Reads the signing keys from `iam-signing-keys.json` in a directory; makes one, for its owner only, where there is none. */
export async function loadSigningKeys(directory: string): Promise<SigningKeys> {
  return await loadKeyFile(join(directory, 'iam-signing-keys.json'), generateSigningKeys, parseSigningKeys);
}

async function loadKeyFile<T>(
  path: string,
  generate: () => string | Promise<string>,
  parse: (text: string) => T,
): Promise<T> {
  await writeFileOnce(path, await generate());
  try {
    return parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Error(`${path}: ${(error as Error).message}`);
  }
}
