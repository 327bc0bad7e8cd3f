import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { engineBuilds } from './engine-builds.ts';
import { EngineNotMendableError, mendEngine } from './mend-engine.ts';
import { kuzuAddonPath, mendKuzu } from './mend-kuzu.ts';

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'trellis-mend-'));
});
afterEach(() => rm(directory, { recursive: true }));

const builds = Object.entries(engineBuilds);
const deliveredPath = (platform: string) =>
  join(dirname(kuzuAddonPath), 'prebuilt', `kuzujs-${platform}.node`);

test.each(builds)(
  'the engine for %s that npm delivers is changed in the bytes of its edits alone',
  async (platform, build) => {
    const delivered = await readFile(deliveredPath(platform));
    const mended = await readFile(mendEngine(deliveredPath(platform), build, directory));
    for (const { offset, is } of build.edits) delivered.write(is, offset, 'hex');
    expect(mended.equals(delivered)).toBe(true);
  },
);

test('it is made once, whole and for reading', async () => {
  const [[platform, build]] = builds as [(typeof builds)[0]];
  const path = mendEngine(deliveredPath(platform), build, join(directory, 'new'));
  const made = await stat(path);
  expect(made.mode & 0o777).toBe(0o555);
  expect(mendEngine(deliveredPath(platform), build, join(directory, 'new'))).toBe(path);
  expect((await stat(path)).ino).toBe(made.ino);
  expect(await readdir(join(directory, 'new'))).toHaveLength(1);
});

test('half a copy is made again', async () => {
  const [[platform, build]] = builds as [(typeof builds)[0]];
  const path = mendEngine(deliveredPath(platform), build, directory);
  const { size } = await stat(path);
  await rm(path);
  await writeFile(path, 'half');
  expect(mendEngine(deliveredPath(platform), build, directory)).toBe(path);
  expect((await stat(path)).size).toBe(size);
});

test('another engine is refused, and a directory that cannot be written', async () => {
  const [[platform, build]] = builds as [(typeof builds)[0]];
  const other = join(directory, 'other.node');
  await writeFile(other, 'something else');
  expect(() => mendEngine(other, build, directory)).toThrow(EngineNotMendableError);
  expect(() => mendEngine(deliveredPath(platform), build, join(other, 'below'))).toThrow(
    'npm run mend:engine',
  );
});

test('a process that opens graphs has the mended engine and no other', async () => {
  await import('./load-kuzu.ts');
  const { sharedObjects } = process.report.getReport() as { sharedObjects: string[] };
  expect(sharedObjects).toContain(mendKuzu());
  expect(sharedObjects).not.toContain(kuzuAddonPath);
});
