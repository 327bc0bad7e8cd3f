import { copyFile, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ignoreMissing } from '../../mesh/process/ignore-missing.ts';
import { openTestGraph, type TestGraph } from './testing.ts';

/** Opens a graph as its files were if its process were killed now. Nothing may be under way. */
export async function openAsKilled({ directory }: Pick<TestGraph, 'directory'>): Promise<TestGraph> {
  const killed = await mkdtemp(join(tmpdir(), 'trellis-killed-'));
  for (const name of ['graph.kuzu', 'graph.kuzu.wal']) {
    await copyFile(join(directory, name), join(killed, name)).catch(ignoreMissing);
  }
  return openTestGraph({ directory: killed });
}
