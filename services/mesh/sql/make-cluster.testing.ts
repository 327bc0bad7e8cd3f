import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { clusterIn, clusterSetting } from './cluster.testing.ts';

let directory: string;

/** Makes the cluster of a test run. Vitest calls it before all tests, and `teardown` after them. */
export async function setup(): Promise<void> {
  directory = await mkdtemp(join(tmpdir(), 'trellis-cluster-'));
  const cluster = clusterIn(directory);
  const pglite = await PGlite.create(cluster.directory);
  const archive = await pglite.dumpDataDir('none');
  await writeFile(cluster.archive, archive.stream());
  await pglite.close();
  process.env[clusterSetting] = directory;
}

export async function teardown(): Promise<void> {
  await rm(directory, { recursive: true, force: true });
}
