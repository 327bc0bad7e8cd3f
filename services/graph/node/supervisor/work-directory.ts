import { chmod, chown, mkdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { randomId } from '../../../mesh/id/id.ts';

/**
 * A directory of its own for one engine process, its working directory, HOME and TMPDIR:
 * `<data>/graph-node/work/<random>`. Empty at the start, gone at the end.
 */
export class WorkDirectory {
  readonly path: string;

  constructor(dataDirectory: string) {
    this.path = join(workRoot(dataDirectory), randomId('work'));
  }

  async make(uid: number | undefined): Promise<void> {
    await mkdir(this.path, { recursive: true, mode: 0o700 });
    if (uid !== undefined) await chown(this.path, uid, uid);
  }

  async remove(): Promise<void> {
    await rm(this.path, { recursive: true, force: true });
  }
}

/** Removes what the engine processes of an earlier daemon left. */
export async function emptyWorkRoot(dataDirectory: string): Promise<void> {
  const root = workRoot(dataDirectory);
  await rm(root, { recursive: true, force: true });
  await mkdir(root, { recursive: true, mode: 0o700 });
}

/** Lets other users pass through our directories to what is theirs; they see nothing on the way. */
export async function letPass(dataDirectory: string): Promise<void> {
  const root = workRoot(dataDirectory);
  for (const path of [dataDirectory, join(dataDirectory, 'graphs'), dirname(root), root]) {
    const { mode } = await stat(path);
    await chmod(path, (mode & 0o777) | 0o011);
  }
}

function workRoot(dataDirectory: string): string {
  return join(dataDirectory, 'graph-node', 'work');
}
