import { fork } from 'node:child_process';
import { chmod, mkdir, readdir, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { EngineEvent } from '../../engine/protocol.ts';
import { type UidRange, uidCount } from './engine-uids.ts';

const fillTimeoutMs = 60_000;

export interface CompileCacheOptions {
  readonly directory: string;
  /** The engine's program, as a file path. */
  readonly program: string;
  /** What the program loads only when it needs it, as file paths: its parameters. */
  readonly loadedLater?: readonly string[];
  /** Where engines run as users of their own. */
  readonly uids: UidRange | undefined;
  readonly signal: AbortSignal;
}

/**
 * Compiles the engine's code ahead, which halves what an engine process needs to start. A process of ours loads it
 * once and ends; engines may read the result and not change it, or one could put its code into another.
 */
export async function fillCompileCache(options: CompileCacheOptions): Promise<void> {
  const { directory, uids } = options;
  await mkdir(directory, { recursive: true, mode: 0o755 });
  await load(options);
  if (uids) await share(directory, uids);
}

/** Node writes the cache when the process ends. */
function load({ directory, program, loadedLater = [], signal }: CompileCacheOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = fork(program, loadedLater, {
      env: { ...(process.env.PATH ? { PATH: process.env.PATH } : {}), NODE_COMPILE_CACHE: directory },
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      detached: true,
    });
    const kill = () => child.kill('SIGKILL');
    const timer = setTimeout(kill, fillTimeoutMs);
    signal.addEventListener('abort', kill, { once: true });
    if (signal.aborted) kill();
    child.on('message', (event: EngineEvent) => {
      if (event.type === 'ready') child.send({ type: 'close' });
    });
    child.once('error', reject);
    child.once('exit', (code, killedBy) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', kill);
      if (code === 0) resolve();
      else reject(new Error(`the engine's program ended with ${killedBy ?? code} while its code was loaded`));
    });
  });
}

/** Node keeps a cache for each user, its id at the end of the directory's name. Here they are all the same one. */
async function share(directory: string, uids: UidRange): Promise<void> {
  const own = `-${process.getuid?.()}`;
  const entries = await readdir(directory, { withFileTypes: true });
  await chmod(directory, 0o755);
  // Those of the start before: all of them go before the first new one is there.
  for (const entry of entries) if (entry.isSymbolicLink()) await rm(join(directory, entry.name));
  for (const entry of entries) {
    if (!entry.isDirectory() || !entry.name.endsWith(own)) continue;
    await makeReadable(join(directory, entry.name));
    const stem = entry.name.slice(0, -own.length);
    for (let index = 0; index < uidCount(uids); index++) {
      await symlink(entry.name, join(directory, `${stem}-${uids.first + index}`));
    }
  }
}

async function makeReadable(directory: string): Promise<void> {
  await chmod(directory, 0o755);
  for (const name of await readdir(directory)) await chmod(join(directory, name), 0o644);
}
