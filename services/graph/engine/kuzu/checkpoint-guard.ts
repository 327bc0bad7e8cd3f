import { constants, copyFile, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ignoreMissing } from '../../../mesh/process/ignore-missing.ts';
import { syncPath } from '../../../mesh/process/sync-path.ts';
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
  readonly #draftPath: string;

  constructor(databasePath: string) {
    this.#path = databasePath;
    this.#draftPath = `${databasePath}.before.draft`;
  }

  /**
   * Before the database is opened: where the last checkpoint was not whole, takes the kept file, and of the log what it
   * had then. What was logged since was not acknowledged.
   */
  async recover(): Promise<void> {
    await rm(this.#draftPath, { force: true });
    const kept = await this.#findKept();
    if (!kept) return;
    if (await this.#isWhole(kept.logBytes)) {
      await rm(kept.path);
    } else {
      await truncate(this.#logPath, kept.logBytes).catch(ignoreMissing);
      // What the checkpoint put beside the file is the engine's to remove.
      await rename(kept.path, this.#path);
    }
    await syncPath(dirname(this.#path));
  }

  /** Keeps the file. Nothing else may be under way. Throws EngineFailure: storage, where there is no room for it. */
  async begin(): Promise<void> {
    if (this.#path === inMemory) return;
    const logBytes = (await stat(this.#logPath).catch(ignoreMissing))?.size ?? 0;
    try {
      await copyFile(this.#path, this.#draftPath, constants.COPYFILE_FICLONE);
      await syncPath(this.#draftPath);
      await rename(this.#draftPath, `${this.#path}.before.${logBytes}`);
      await syncPath(dirname(this.#path));
    } catch (error) {
      await rm(this.#draftPath, { force: true });
      throw (error as NodeJS.ErrnoException).code === 'ENOSPC'
        ? new EngineFailure('storage', "the disk of the graph's node is full", {}, error)
        : error;
    }
  }

  /** The checkpoint is whole, or has changed nothing. */
  async end(): Promise<void> {
    const kept = await this.#findKept();
    if (kept) await rm(kept.path);
  }

  get #logPath(): string {
    return `${this.#path}.wal`;
  }

  /** The file as it was, and how much log there was then, which its name says. */
  async #findKept(): Promise<{ readonly path: string; readonly logBytes: number } | undefined> {
    if (this.#path === inMemory) return undefined;
    const directory = dirname(this.#path);
    const prefix = `${basename(this.#path)}.before.`;
    const name = (await readdir(directory)).find((each) => each.startsWith(prefix) && /\.\d+$/.test(each));
    return name === undefined
      ? undefined
      : { path: join(directory, name), logBytes: Number(name.slice(prefix.length)) };
  }

  /** The log says so by its last record; or it is gone, where there was one. */
  async #isWhole(logBytesBefore: number): Promise<boolean> {
    const end = (await tail(this.#logPath)) ?? Buffer.alloc(0);
    if (end.length === 0) return logBytesBefore > 0;
    return end.at(-1) === checkpointRecord && (end.length === 1 || end[0] === commitRecord);
  }
}

/** The last two bytes of a file, or as many as there are; undefined where there is none. */
async function tail(path: string): Promise<Buffer | undefined> {
  const file = await open(path, 'r').catch(ignoreMissing);
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
