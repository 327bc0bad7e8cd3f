import { chmod, mkdir, open, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { CliError } from '../failure.ts';
import { temporaryDirectory } from '../testing.ts';
import { ProfileFile, profilePath } from './profile-file.ts';

const profile = {
  url: 'http://127.0.0.1:8080',
  email: 'ada@example.com',
  accessToken: 'access-1',
  refreshToken: 'refresh-1',
  expireTime: '2026-01-01T00:00:00.000Z',
};

test('only the owner may read the file and its directory, whatever the umask', async () => {
  const path = join(await temporaryDirectory(), 'config', 'trellis', 'profile.json');
  const umask = process.umask(0);
  try {
    await new ProfileFile(path).write(profile);
  } finally {
    process.umask(umask);
  }
  expect((await stat(path)).mode & 0o777).toBe(0o600);
  expect((await stat(join(path, '..'))).mode & 0o777).toBe(0o700);
  expect(await new ProfileFile(path).read()).toEqual(profile);
});

test('a profile that others can read is refused, and says how to mend it', async () => {
  const path = join(await temporaryDirectory(), 'profile.json');
  const file = new ProfileFile(path);
  await file.write(profile);
  for (const mode of [0o640, 0o604, 0o620, 0o777]) {
    await chmod(path, mode);
    await expect(file.read()).rejects.toThrow(`chmod 600 ${path}`);
  }
  await chmod(path, 0o400);
  expect(await file.read()).toEqual(profile);
});

test('a write replaces the file whole: who has it open goes on reading the one before', async () => {
  const directory = await temporaryDirectory();
  const file = new ProfileFile(join(directory, 'profile.json'));
  await file.write(profile);
  const before = await open(file.path);
  await file.write({ ...profile, accessToken: 'access-2' });
  expect(JSON.parse(await before.readFile('utf8'))).toEqual(profile);
  await before.close();
  expect((await file.read())?.accessToken).toBe('access-2');
  expect(await readdir(directory)).toEqual(['profile.json']);
});

test('a write that fails leaves what was there, and no draft', async () => {
  const directory = await temporaryDirectory();
  const path = join(directory, 'profile.json');
  await mkdir(path);
  await writeFile(join(path, 'kept'), '');
  await expect(new ProfileFile(path).write(profile)).rejects.toThrow(CliError);
  expect(await readdir(directory)).toEqual(['profile.json']);
  expect(await readdir(path)).toEqual(['kept']);
});

test.each(['', '{', 'null', '{"accessToken":"secret"}'])(
  'a file that is no profile is refused without quoting it: %j',
  async (text) => {
    const path = join(await temporaryDirectory(), 'profile.json');
    await writeFile(path, text, { mode: 0o600 });
    const error = await new ProfileFile(path).read().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(CliError);
    expect((error as CliError).message).toBe(`${path} is not a profile. Delete it and log in again`);
  },
);

test('no file is nobody logged in, and removing it twice is fine', async () => {
  const file = new ProfileFile(join(await temporaryDirectory(), 'profile.json'));
  expect(await file.read()).toBeUndefined();
  await file.write(profile);
  await file.remove();
  await file.remove();
  expect(await file.read()).toBeUndefined();
  await expect(readFile(file.path)).rejects.toThrow('ENOENT');
});

test.each([
  [{ TRELLIS_PROFILE: '/p.json', XDG_CONFIG_HOME: '/x', HOME: '/h' }, '/p.json'],
  [{ XDG_CONFIG_HOME: '/x', HOME: '/h' }, '/x/trellis/profile.json'],
  [{ HOME: '/h' }, '/h/.config/trellis/profile.json'],
])('%j keeps the profile in %s', (env, path) => {
  expect(profilePath(env)).toBe(path);
});
