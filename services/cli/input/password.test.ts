import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { runCli, startFakeMesh, temporaryDirectory } from '../testing.ts';

const tokens = { userId: 'usr_1', accessToken: 'a', refreshToken: 'r', expiresIn: 600 };

/** A keyboard at which each line is typed after its question was asked. */
async function type(command: readonly string[], ...lines: string[]) {
  const mesh = await startFakeMesh(() => ({ json: tokens }));
  const env = { TRELLIS_URL: mesh.url, TRELLIS_PROFILE: `${await temporaryDirectory()}/profile.json` };
  const rawModes: boolean[] = [];
  const stdin = Object.assign(new PassThrough(), {
    isTTY: true,
    setRawMode: (isRaw: boolean) => {
      rawModes.push(isRaw);
      const line = isRaw ? lines.shift() : undefined;
      // Nobody types while readline is being set up.
      if (line !== undefined) setImmediate(() => stdin.write(line));
    },
  });
  const result = await runCli(command, { env, stdin, isTTY: true });
  return { ...result, seen: mesh.seen, rawModes };
}

test('a typed password is sent and never echoed; the terminal is given back as it was', async () => {
  const { code, stdout, stderr, seen, rawModes } = await type(['login', 'ada@example.com'], 'sésame 1\r');
  expect(code).toBe(0);
  expect(JSON.parse(seen[0]?.body ?? '').password).toBe('sésame 1');
  expect(stderr).toBe('Password: \n');
  expect(stdout).not.toContain('sésame');
  expect(rawModes).toEqual([true, false]);
});

test('a new password is typed twice', async () => {
  const { code, seen, stderr } = await type(
    ['register', 'ada@example.com', 'Ada'],
    'sesame 1\r',
    'sesame 1\r',
  );
  expect(code).toBe(0);
  expect(stderr).toBe('Password: \nAgain: \n');
  expect(seen).toHaveLength(1);
});

test('two different ones open no account', async () => {
  const { code, seen } = await type(['register', 'ada@example.com', 'Ada'], 'sesame 1\r', 'sesame 2\r');
  expect(code).toBe(2);
  expect(seen).toEqual([]);
});

test('Ctrl-C at the question ends the command and gives the terminal back', async () => {
  const { code, stderr, seen, rawModes } = await type(['login', 'ada@example.com'], 'ses\u0003');
  expect(code).toBe(1);
  expect(stderr).toBe('Password: \ntrellis: cancelled\n');
  expect(seen).toEqual([]);
  expect(rawModes).toEqual([true, false]);
});

test('stdin is the password but for the end of its line', async () => {
  for (const [given, password] of [
    ['sesame\n', 'sesame'],
    ['sesame\r\n', 'sesame'],
    [' two words \n\n', ' two words \n'],
    ['sesame', 'sesame'],
  ]) {
    const mesh = await startFakeMesh(() => ({ json: tokens }));
    const env = { TRELLIS_URL: mesh.url, TRELLIS_PROFILE: `${await temporaryDirectory()}/profile.json` };
    await runCli(['login', 'ada@example.com', '--password-stdin'], { env, stdin: given ?? '' });
    expect(JSON.parse(mesh.seen[0]?.body ?? '').password).toBe(password);
  }
});
