import { glob, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Who may import whom: a service its own folder and the mesh; the mesh only itself; `start` puts all together. */
const mayImport = (from: string, to: string) =>
  from === to || to === 'mesh' || from === 'start' || from === 'main.ts';

describe('the structure', () => {
  it('keeps services apart and the mesh below them', async () => {
    const wrong: string[] = [];
    let files = 0;
    for await (const file of glob('services/**/*.ts', { cwd: root })) {
      files++;
      const source = await readFile(join(root, file), 'utf8');
      for (const [, path] of source.matchAll(/(?:from|import\(|import) ?'(\.[^']+)'/g)) {
        const target = normalize(join(dirname(file), path ?? ''));
        const [, from = ''] = file.split('/');
        const [top, to = ''] = target.split('/');
        if (top === 'services' && !(from === 'mesh' ? to === 'mesh' : mayImport(from, to))) {
          wrong.push(`${file} imports ${target}`);
        }
        if (top === 'tests') wrong.push(`${file} imports ${target}`);
      }
    }
    expect(files).toBeGreaterThan(100);
    expect(wrong).toEqual([]);
  });

  it('loads the engine only where it is mended', async () => {
    const loaders: string[] = [];
    for await (const file of glob('services/**/*.ts', { cwd: root })) {
      if (file.endsWith('.test.ts') || file.endsWith('.testing.ts')) continue;
      const source = await readFile(join(root, file), 'utf8');
      if (/^import (?!type ).*from 'kuzu'|require\('kuzu'\)/m.test(source)) loaders.push(file);
    }
    expect(loaders).toEqual(['services/graph/engine/kuzu/mend/load-kuzu.ts']);
  });

  it('knows the engine only behind its interface', async () => {
    const wrong: string[] = [];
    for await (const file of glob('services/**/*.ts', { cwd: root })) {
      if (
        file.startsWith('services/graph/engine/') ||
        file.endsWith('.test.ts') ||
        file.endsWith('.testing.ts')
      )
        continue;
      if (/from 'kuzu'|require\('kuzu'\)/.test(await readFile(join(root, file), 'utf8'))) wrong.push(file);
    }
    expect(wrong).toEqual([]);
  });
});
