import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const kuzu = dirname(createRequire(import.meta.url).resolve('kuzu'));

/** A file of the LDBC SF0.1 data set that ships inside the engine's package. */
export function ldbcFile(name: string): string {
  return join(kuzu, 'kuzu-source', 'dataset', 'ldbc-sf01', name);
}
