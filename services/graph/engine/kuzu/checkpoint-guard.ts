import { constants, copyFile, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EngineFailure } from '../engine-failure.ts';

const inMemory = ':memory:';

/** What ends a log whose checkpoint is whole: after a commit, or alone. */
const commitRecord = 0x02;
const checkpointRecord = 0xfe;

/**
 * Keeps the database file as it was before a checkpoint until that is whole. Kuzu 0.11.3 writes a part of the index of
 * primary keys in place (`disk_array.cpp` takes pages behind the array's last one for new, which they are not once
 * freed pages are used again), so where a process ends within a checkpoint the index knows keys that the tables do not
 * have yet, and the log cannot be replayed: "Found duplicated primary key value".
 */
export class CheckpointGuard {
  readonly #path: string;
  /** The file as it was, where the log had something then, and where it had nothing. */
  readonly #keptPath: string;
  readonly #keptAlonePath: string;
  readonly #draftPath: string;

  constructor(databasePath: string) {
    this.#path = databasePath;
    this.#keptPath = `${databasePath}.before`;
    this.#keptAlonePath = `${databasePath}.before-alone`;
    this.#draftPath = `${databasePath}.before.draft`;
  }

  /** Before the database is opened: takes the kept file where the last checkpoint was not whole. */
  async recover(): Promise<void> {
    await rm(this.#draftPath, { force: true });
    const end = (await tail(this.#logPath)) ?? Buffer.alloc(0);
    const isLogged = end.at(-1) === checkpointRecord && (end.length === 1 || end[0] === commitRecord);
    // The checkpoint removes the log at its end. Without one before, nothing was acknowledged that the file lacks.
    await this.#settle(this.#keptPath, isLogged || end.length === 0);
    await this.#settle(this.#keptAlonePath, isLogged);
  }

  /** Keeps the file. Nothing else may be under way. Throws EngineFailure: storage, where there is no room for it. */
  async begin(): Promise<void> {
    if (this.#path === inMemory) return;
    const hasLog = ((await tail(this.#logPath))?.length ?? 0) > 0;
    try {
      await copyFile(this.#path, this.#draftPath, constants.COPYFILE_FICLONE);
      await sync(this.#draftPath);
      await rename(this.#draftPath, hasLog ? this.#keptPath : this.#keptAlonePath);
      await sync(dirname(this.#path));
    } catch (error) {
      await rm(this.#draftPath, { force: true });
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC'
        ? new EngineFailure('storage', "the disk of the graph's node is full", {}, error)
        : error;
    }
  }

  /** The checkpoint is whole, or has changed nothing. */
  async end(): Promise<void> {
    await rm(this.#keptPath, { force: true });
    await rm(this.#keptAlonePath, { force: true });
  }

  get #logPath(): string {
    return `${this.#path}.wal`;
  }

  async #settle(keptPath: string, isWhole: boolean): Promise<void> {
    if ((await tail(keptPath)) === undefined) return;
    // What the checkpoint put beside the file is the engine's to remove.
    if (isWhole) await rm(keptPath);
    else await rename(keptPath, this.#path);
    await sync(dirname(this.#path));
  }
}

/** The last two bytes of a file, or as many as there are; undefined where there is none. */
async function tail(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    const bytes = Buffer.alloc(Math.min(2, size));
    await file.read(bytes, 0, bytes.length, size - bytes.length);
    return bytes;
  } finally {
    await file.close();
  }
}

async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
