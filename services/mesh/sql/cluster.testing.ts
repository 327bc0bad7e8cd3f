import { join } from 'node:path';

/**
 * An empty database cluster, which all tests of a run begin with: PGlite takes seconds to initialise one, and moments
 * to open what is there.
 */
export interface Cluster {
  readonly directory: string;
  /** The same as a tar file, for databases in memory. */
  readonly archive: string;
}

/** The setting with which a test run tells its parts where its cluster is. */
export const clusterSetting = 'TRELLIS_TEST_PGLITE_CLUSTER';

export function clusterIn(directory: string): Cluster {
  return { directory: join(directory, 'data'), archive: join(directory, 'data.tar') };
}

/** The run's cluster; undefined where there is none, as in a benchmark. */
export function testCluster(): Cluster | undefined {
  const directory = process.env[clusterSetting];
  return directory ? clusterIn(directory) : undefined;
}
