import { readFile } from 'node:fs/promises';
import { expect } from 'vitest';
import { type Mesh, startMesh } from '../support/mesh.ts';
import { wideBytes } from './scenario.ts';

/** A mesh that logs each call, so that a test can see from outside when one has ended in the engine process. */
export function startTalkativeMesh(): Promise<Mesh> {
  return startMesh({ env: { TRELLIS_LOG_LEVEL: 'debug' } });
}

/**
 * What the engine process of a call has written in its life, to sockets and files, once it has ended the call with
 * this request id.
 */
export async function bytesWrittenAtEnd(mesh: Mesh, requestId: string): Promise<number> {
  const ended = () => calls(mesh).filter((call) => call.requestId === requestId);
  await expect.poll(ended, { timeout: 30_000 }).toHaveLength(1);
  const [, written] = /^wchar: (\d+)$/m.exec(await readFile(`/proc/${ended()[0]?.pid}/io`, 'utf8')) ?? [];
  return Number(written);
}

/**
 * Checks that a cancelled wide stream, of a graph with no other, was ended in the engine process, too, and not read to
 * its end by an edge without a client.
 */
export async function expectCancelled(mesh: Mesh, requestId: string): Promise<void> {
  expect(await bytesWrittenAtEnd(mesh, requestId)).toBeLessThan(wideBytes / 2);
}

interface EngineCall {
  readonly requestId: string;
  /** The engine process. */
  readonly pid: number;
}

/** The calls that engine processes have ended: the daemon of the node passes their log on, line within line. */
function calls(mesh: Mesh): EngineCall[] {
  const lines = mesh.log().split('\n').slice(0, -1);
  return lines
    .filter((line) => line.includes('"msg":"engine"') && line.includes('requestId'))
    .map((line) => JSON.parse(JSON.parse(line).line));
}
