import { createHash } from 'node:crypto';
import {
  chmodSync,
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { EngineBuild } from './engine-builds.ts';

/** The engine is not the one that can be mended, or its copy cannot be written. */
export class EngineNotMendableError extends Error {
  override readonly name = 'EngineNotMendableError';
}

/**
 * The path of the mended copy of an engine, in a directory; made where it is not there yet, which takes the right to
 * write there. Throws EngineNotMendableError.
 */
export function mendEngine(path: string, build: EngineBuild, directory: string): string {
  const mended = join(directory, `kuzujs-${digestOf(JSON.stringify(build)).slice(0, 12)}.node`);
  if (isMended(mended, build)) return mended;
  const engine = readFileSync(path);
  const sha256 = digestOf(engine);
  if (sha256 !== build.sha256) {
    throw new EngineNotMendableError(`${path} is no known build of Kuzu 0.11.3 (sha256 ${sha256})`);
  }
  for (const { offset, was, is } of build.edits) {
    if (hexAt(engine, offset, was) !== was)
      throw new EngineNotMendableError(`${path} has no ${was} at ${offset}`);
    engine.write(is, offset, 'hex');
  }
  try {
    writeWhole(mended, engine);
  } catch (cause) {
    const how = 'run `npm run mend:engine` as the owner of node_modules';
    throw new EngineNotMendableError(`${mended} cannot be written; ${how}`, { cause });
  }
  return mended;
}

/** Whole or not there: others may be making it, too. */
function writeWhole(path: string, bytes: Buffer): void {
  mkdirSync(dirname(path), { recursive: true });
  const draft = `${path}.${process.pid}.${threadId}`;
  const file = openSync(draft, 'w', 0o600);
  try {
    writeSync(file, bytes);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  chmodSync(draft, 0o555);
  renameSync(draft, path);
}

function isMended(path: string, { edits }: EngineBuild): boolean {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch {
    return false;
  }
  try {
    return edits.every(({ offset, is }) => {
      const bytes = Buffer.alloc(is.length / 2);
      return readSync(file, bytes, 0, bytes.length, offset) === bytes.length && bytes.toString('hex') === is;
    });
  } finally {
    closeSync(file);
  }
}

function hexAt(bytes: Buffer, offset: number, like: string): string {
  return bytes.toString('hex', offset, offset + like.length / 2);
}

function digestOf(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}
