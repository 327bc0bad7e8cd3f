import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, matchesGlob } from 'node:path';

/** The engine's sources within its package: its tests, their data and their answers. */
export const sourceRoot = join(dirname(createRequire(import.meta.url).resolve('kuzu')), 'kuzu-source');

const folders = ['test/test_files', 'extension'];

/** The names of the engine's `.test` files, relative to its sources, in order; `pattern` is a glob over them. */
export function listTestFiles(pattern = '**'): string[] {
  return folders
    .flatMap((folder) =>
      readdirSync(join(sourceRoot, folder), { recursive: true, encoding: 'utf8' }).map((name) =>
        join(folder, name),
      ),
    )
    .filter((name) => name.endsWith('.test'))
    .filter((name) => matchesGlob(name, pattern) || matchesGlob(name, `**/${pattern}`))
    .toSorted();
}

/** The text of a file of the engine's sources. */
export function readSource(name: string): string {
  return readFileSync(join(sourceRoot, name), 'utf8');
}
