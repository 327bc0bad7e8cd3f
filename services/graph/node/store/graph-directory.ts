import { mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';

const graphIdPattern = /^kg_[a-z0-9]{20}$/;

/**
 * The files of one graph:
 * ```
 * <data>/graphs/<graph id>/graph.kuzu   the database and what the engine puts beside it
 * <data>/graphs/<graph id>/epoch        the greatest epoch that it was ever opened with
 * <data>/graph-node/work/<graph id>/    what the engine process may use while it runs
 * ```
 */
export class GraphDirectory {
  readonly databasePath: string;
  readonly workDirectory: string;
  readonly #directory: string;
  readonly #epochPath: string;

  constructor(dataDirectory: string, graphId: string) {
    if (!graphIdPattern.test(graphId)) throw new Error('not the id of a graph');
    this.#directory = join(dataDirectory, 'graphs', graphId);
    this.#epochPath = join(this.#directory, 'epoch');
    this.databasePath = join(this.#directory, 'graph.kuzu');
    this.workDirectory = join(dataDirectory, 'graph-node', 'work', graphId);
  }

  /**
   * Takes an epoch that was never taken before: `wanted`, or more where the disk remembers more. It is on the disk
   * when this resolves, so revisions never repeat, whatever the catalog knows.
   */
  async takeEpoch(wanted: bigint): Promise<bigint> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const taken = (await this.#takenEpoch()) + 1n;
    const epoch = wanted > taken ? wanted : taken;
    const draft = `${this.#epochPath}.draft`;
    const file = await open(draft, 'w', 0o600);
    try {
      await file.writeFile(`${epoch}\n`);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, this.#epochPath);
    await syncDirectory(this.#directory);
    return epoch;
  }

  /** Makes the work directory, empty. */
  async emptyWork(): Promise<void> {
    await rm(this.workDirectory, { recursive: true, force: true });
    await mkdir(this.workDirectory, { recursive: true, mode: 0o700 });
  }

  /** Deletes all files of the graph. Only for a graph that no process has open. */
  async delete(): Promise<void> {
    await rm(this.workDirectory, { recursive: true, force: true });
    await rm(this.#directory, { recursive: true, force: true });
  }

  async #takenEpoch(): Promise<bigint> {
    try {
      return BigInt((await readFile(this.#epochPath, 'utf8')).trim());
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0n;
      throw error;
    }
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, 'r');
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}
