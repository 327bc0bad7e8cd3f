import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DirectoryInUseError, lockDirectory } from './directory-lock.ts';

let base: string;
beforeEach(async () => {
  base = await mkdtemp(join(tmpdir(), 'trellis-lock-'));
});
afterEach(() => rm(base, { recursive: true }));

describe('a locked directory', () => {
  it('is refused to the second taker, by whatever path, and free after release', async () => {
    const directory = join(base, 'new', 'data');
    const lock = await lockDirectory(directory);
    await symlink(directory, join(base, 'link'));
    await expect(lockDirectory(directory)).rejects.toThrow(DirectoryInUseError);
    await expect(lockDirectory(join(base, 'link'))).rejects.toThrow(DirectoryInUseError);
    await lock.release();
    await (await lockDirectory(directory)).release();
  });

  it('does not lock others', async () => {
    const locks = await Promise.all([lockDirectory(join(base, 'a')), lockDirectory(join(base, 'b'))]);
    await Promise.all(locks.map((lock) => lock.release()));
  });

  it('goes to one of several who want it at once', async () => {
    const takers = await Promise.allSettled([1, 2, 3, 4].map(() => lockDirectory(base)));
    const taken = takers.filter((taker) => taker.status === 'fulfilled');
    expect(taken).toHaveLength(1);
    await taken[0]?.value.release();
  });

  it('is held by another process while it lives, and free as soon as it is killed', async () => {
    const source = `
      import { lockDirectory } from ${JSON.stringify(new URL('./directory-lock.ts', import.meta.url).href)};
      await lockDirectory(${JSON.stringify(base)});
      process.send('locked');
      setInterval(() => {}, 1000);
    `;
    const child = fork(fileURLToPath(new URL('./directory-lock.ts', import.meta.url)), [], {
      execArgv: ['--input-type=module', '--eval', source],
    });
    try {
      await once(child, 'message');
      await expect(lockDirectory(base)).rejects.toThrow(DirectoryInUseError);
    } finally {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    await (await lockDirectory(base)).release();
  });
});
