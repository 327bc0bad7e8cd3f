import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { writeFileOnce } from './write-file-once.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'trellis-once-'));
});
afterEach(() => rm(base, { recursive: true }));

it('a file is written where there is none, readable by its owner only', async () => {
  const path = join(base, 'keys', 'mesh.json');
  await writeFileOnce(path, 'first');
  expect(await readFile(path, 'utf8')).toBe('first');
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(base, 'keys'))).mode & 0o777).toBe(0o700);
});

it('a file that exists stays as it is', async () => {
  const path = join(base, 'file');
  await writeFileOnce(path, 'first');
  await writeFileOnce(path, 'second');
  expect(await readFile(path, 'utf8')).toBe('first');
});

it('of several writers at once one wins, whole, and no draft is left', async () => {
  const path = join(base, 'file');
  const contents = Array.from({ length: 20 }, (_, i) => String(i).repeat(10_000));
  await Promise.all(contents.map((content) => writeFileOnce(path, content)));
  expect(contents).toContain(await readFile(path, 'utf8'));
  expect(await readdir(base)).toEqual(['file']);
});

it('what cannot be written leaves no draft either', async () => {
  const path = join(base, 'file');
  await writeFileOnce(path, 'first');
  await expect(writeFileOnce(join(path, 'below'), 'x')).rejects.toThrow();
  expect(await readdir(base)).toEqual(['file']);
});
