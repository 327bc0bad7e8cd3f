import { lchown, lstat, mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ignoreMissing } from '../../../mesh/process/ignore-missing.ts';
import { syncPath } from '../../../mesh/process/sync-path.ts';

const graphIdPattern = /^kg_[a-z0-9]{20}$/;

/**
 * The files of one graph:
 * ```
 * <data>/graphs/<graph id>/graph.kuzu    the database and what the engine puts beside it
 * <data>/graph-node/epochs/<graph id>    the greatest epoch that it was ever opened with
 * <data>/graph-node/created/<graph id>   there since it was first open: from then on it has a database
 * ```
 * The first directory is the engine's while it runs; nothing in it is trusted, or opened here.
 */
export class GraphDirectory {
  readonly databasePath: string;
  readonly #directory: string;
  readonly #epochDirectory: string;
  readonly #epochPath: string;
  readonly #createdDirectory: string;
  readonly #createdPath: string;
  #isNoted = false;

  constructor(dataDirectory: string, graphId: string) {
    if (!graphIdPattern.test(graphId)) throw new Error('not the id of a graph');
    this.#directory = join(dataDirectory, 'graphs', graphId);
    this.#epochDirectory = join(dataDirectory, 'graph-node', 'epochs');
    this.#epochPath = join(this.#epochDirectory, graphId);
    this.#createdDirectory = join(dataDirectory, 'graph-node', 'created');
    this.#createdPath = join(this.#createdDirectory, graphId);
    this.databasePath = join(this.#directory, 'graph.kuzu');
  }

  /**
   * Takes an epoch that was never taken before: `wanted`, or more where the disk remembers more. It is on the disk
   * when this resolves, so revisions never repeat, whatever the catalog knows.
   */
  async takeEpoch(wanted: bigint): Promise<bigint> {
    await mkdir(this.#epochDirectory, { recursive: true, mode: 0o700 });
    const taken = (await this.#takenEpoch()) + 1n;
    const epoch = wanted > taken ? wanted : taken;
    const draft = `${this.#epochPath}.draft`;
    await writeSynced(draft, `${epoch}\n`);
    await rename(draft, this.#epochPath);
    await syncPath(this.#epochDirectory);
    return epoch;
  }

  /** Notes that the graph was open, so it has a database. On the disk when this resolves. */
  async noteCreated(): Promise<void> {
    if (this.#isNoted) return;
    if (!(await exists(this.#createdPath))) {
      await mkdir(this.#createdDirectory, { recursive: true, mode: 0o700 });
      await writeSynced(this.#createdPath, '');
      await syncPath(this.#createdDirectory);
    }
    this.#isNoted = true;
  }

  /** True where the graph had a database whose file is gone or empty: the engine would begin with a new one. */
  async hasLostDatabase(): Promise<boolean> {
    const file = await lstat(this.databasePath).catch(ignoreMissing);
    if (file && file.size > 0) return false;
    return await exists(this.#createdPath);
  }

  /** Makes the directory and gives it to a user, with all that is in it; undefined: it stays ours. */
  async giveTo(uid: number | undefined): Promise<void> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    if (uid !== undefined) await changeOwner(this.#directory, uid, uid);
  }

  /** Takes it back from the user that it was given to. */
  async reclaim(): Promise<void> {
    await reclaim(this.#directory);
  }

  /** Deletes all files of the graph. Only for a graph that no process has open. */
  async delete(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
    await rm(this.#createdPath, { force: true });
    await rm(this.#epochPath, { force: true });
  }

  async #takenEpoch(): Promise<bigint> {
    const text = await readFile(this.#epochPath, 'utf8').catch(ignoreMissing);
    return text === undefined ? 0n : BigInt(text.trim());
  }
}

/** Takes back what a daemon that was killed left with the users of its engines. */
export async function reclaimGraphs(dataDirectory: string): Promise<void> {
  const graphs = join(dataDirectory, 'graphs');
  for (const name of await readdir(graphs)) if (graphIdPattern.test(name)) await reclaim(join(graphs, name));
}

async function reclaim(directory: string): Promise<void> {
  const [uid, gid] = [process.getuid?.(), process.getgid?.()];
  const found = await stat(directory).catch(ignoreMissing);
  if (uid === undefined || gid === undefined || !found || found.uid === uid) return;
  await changeOwner(directory, uid, gid);
}

/** Of the directory first: who had it cannot come in any more. Links are not followed. */
async function changeOwner(directory: string, uid: number, gid: number): Promise<void> {
  await lchown(directory, uid, gid);
  for (const name of await readdir(directory)) await lchown(join(directory, name), uid, gid);
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}

async function writeSynced(path: string, text: string): Promise<void> {
  const file = await open(path, 'w', 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}
