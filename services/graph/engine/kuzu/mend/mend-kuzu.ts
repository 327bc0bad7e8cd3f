import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { type EngineBuild, engineBuilds } from './engine-builds.ts';
import { mendEngine } from './mend-engine.ts';

const packageDirectory = dirname(createRequire(import.meta.url).resolve('kuzu'));

/** The addon as npm delivers it. */
export const kuzuAddonPath = join(packageDirectory, 'kuzujs.node');

/**
 * The path of the mended addon, undefined on platforms for which there is no mend. It is made once, in
 * `node_modules/.cache`, which takes the right to write there; so whoever starts engine processes calls this first.
 */
export function mendKuzu(): string | undefined {
  const build: EngineBuild | undefined = engineBuilds[`${process.platform}-${process.arch}`];
  return build && mendEngine(kuzuAddonPath, build, join(packageDirectory, '..', '.cache', 'trellis'));
}
