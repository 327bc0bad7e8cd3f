import { createRequire } from 'node:module';
import type * as Kuzu from 'kuzu';
import { kuzuAddonPath, mendKuzu } from './mend-kuzu.ts';

const require = createRequire(import.meta.url);
const mark = Symbol.for('trellis.kuzu.mended');

/**
 * The engine, mended (docs/adr/0007-mend-the-engine.md). Where there is no mend for the platform, which is then none
 * for real data, it is the engine as it is, with a warning.
 */
export const { Connection, Database } = load();
export type Connection = Kuzu.Connection;
export type Database = Kuzu.Database;

function load(): typeof Kuzu {
  const mended = mendKuzu();
  if (mended === undefined) {
    process.emitWarning(
      `Kuzu is not mended on ${process.platform} ${process.arch}: it can lose nested values`,
    );
    return require('kuzu');
  }
  const { dlopen } = process;
  let isLoaded = false;
  process.dlopen = (module, path, ...flags) => {
    isLoaded ||= path === kuzuAddonPath;
    dlopen.call(process, module, path === kuzuAddonPath ? mended : path, ...flags);
  };
  try {
    const kuzu = require('kuzu');
    if (isLoaded) kuzu[mark] = true;
    else if (!kuzu[mark])
      throw new Error('Kuzu was loaded before it was mended: import it from load-kuzu.ts');
    return kuzu;
  } finally {
    process.dlopen = dlopen;
  }
}
