import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  type FakeAnswer,
  failure,
  runCli,
  type SeenRequest,
  startFakeMesh,
  temporaryDirectory,
} from '../testing.ts';
import { type Profile, ProfileFile } from './profile-file.ts';

const nowMs = Date.parse('2026-01-01T00:00:00Z');
const tokens = { userId: 'usr_1', accessToken: 'access-2', refreshToken: 'refresh-2', expiresIn: 600 };
const secrets = /access-\d|refresh-\d|correct horse/;

async function withProfile(answer: (request: SeenRequest) => FakeAnswer, changes: Partial<Profile> = {}) {
  const mesh = await startFakeMesh(answer);
  const file = new ProfileFile(join(await temporaryDirectory(), 'profile.json'));
  await file.write({
    url: mesh.url,
    email: 'ada@example.com',
    accessToken: 'access-1',
    refreshToken: 'refresh-1',
    expireTime: '2026-01-01T00:05:00.000Z',
    ...changes,
  });
  const cli = (...args: string[]) => runCli(args, { env: { TRELLIS_PROFILE: file.path }, nowMs });
  return { mesh, file, cli };
}

test.each(['register', 'login'])(
  '%s keeps the session in the profile and prints no secret',
  async (command) => {
    const mesh = await startFakeMesh(() => ({ json: tokens }));
    const path = join(await temporaryDirectory(), 'profile.json');
    const name = command === 'register' ? ['Ada'] : [];
    for (const output of ['table', 'json', 'ndjson']) {
      const { code, stdout, stderr } = await runCli(
        [command, 'ada@example.com', ...name, '--password-stdin', '--output', output, '--url', mesh.url],
        { env: { TRELLIS_PROFILE: path }, stdin: 'correct horse\n', nowMs },
      );
      expect(code).toBe(0);
      expect(stdout).toContain('ada@example.com');
      expect(stdout + stderr).not.toMatch(secrets);
    }
    expect(mesh.seen[0]?.call).toBe(`POST /v1/auth/${command}`);
    expect(JSON.parse(mesh.seen[0]?.body ?? '')).toMatchObject({ password: 'correct horse' });
    expect(JSON.parse(await readFile(path, 'utf8'))).toEqual({
      url: mesh.url,
      email: 'ada@example.com',
      accessToken: 'access-2',
      refreshToken: 'refresh-2',
      expireTime: '2026-01-01T00:10:00.000Z',
    });
  },
);

test('a token that is still good is used as it is, at the mesh of the profile', async () => {
  const { mesh, cli } = await withProfile(() => ({ json: { graphs: [] } }));
  expect((await cli('graph', 'list')).code).toBe(0);
  expect(mesh.seen.map(({ call, headers }) => [call, headers.authorization])).toEqual([
    ['GET /v1/graphs?pageSize=1000', 'Bearer access-1'],
  ]);
});

test('a token that is over is refreshed first, saved and used', async () => {
  const answer = ({ call }: SeenRequest) => ({ json: call.includes('refresh') ? tokens : { graphs: [] } });
  // 20 s left are too few to begin with.
  const { mesh, file, cli } = await withProfile(answer, { expireTime: '2026-01-01T00:00:20.000Z' });
  const { code, stdout, stderr } = await cli('graph', 'list');
  expect(code).toBe(0);
  expect(stdout + stderr).not.toMatch(secrets);
  expect(mesh.seen[0]?.body).toBe('{"refreshToken":"refresh-1"}');
  expect(mesh.seen[0]?.headers.authorization).toBeUndefined();
  expect(mesh.seen[1]?.headers.authorization).toBe('Bearer access-2');
  expect(mesh.seen).toHaveLength(2);
  expect(await file.read()).toMatchObject({
    refreshToken: 'refresh-2',
    expireTime: '2026-01-01T00:10:00.000Z',
    email: 'ada@example.com',
  });
});

test('a session that is over says to log in again, and the profile stays as it was', async () => {
  const answer = () => failure(401, 'CREDENTIAL_EXPIRED', 'its time is over');
  const { file, cli } = await withProfile(answer, { expireTime: '2025-01-01T00:00:00Z' });
  const before = await file.read();
  const { code, stderr } = await cli('whoami');
  expect(code).toBe(1);
  expect(stderr).toContain('log in again with "trellis login"');
  expect(await file.read()).toEqual(before);
});

test('the tokens of one mesh are never sent to another', async () => {
  const { cli } = await withProfile(() => ({ json: {} }));
  const other = await startFakeMesh(() => ({ json: {} }));
  const { code, stderr } = await cli('graph', 'list', '--url', other.url);
  expect(code).toBe(1);
  expect(stderr).toContain(`not logged in at ${other.url}`);
  expect(other.seen).toEqual([]);
});

test('an API key is used instead of the session', async () => {
  const { mesh, cli } = await withProfile(() => ({ json: { graphs: [] } }));
  await cli('graph', 'list', '--api-key', 'trl_live_x');
  expect(mesh.seen[0]?.headers.authorization).toBe('Bearer trl_live_x');
});

test('logout ends the session at the mesh and then forgets it', async () => {
  const { mesh, file, cli } = await withProfile(() => ({ json: {} }));
  expect((await cli('logout')).code).toBe(0);
  expect(mesh.seen[0]).toMatchObject({ call: 'POST /v1/auth/logout', body: '{"refreshToken":"refresh-1"}' });
  expect(await file.read()).toBeUndefined();
  expect((await cli('logout', '--output', 'table')).stdout).toBe('Nobody was logged in.\n');
});

test('a logout that the mesh did not take keeps the profile, so that it can be tried again', async () => {
  const { file, cli } = await withProfile(() => failure(503, 'UNAVAILABLE', 'not now'));
  expect((await cli('logout')).code).toBe(1);
  expect(await file.read()).toBeDefined();
});
