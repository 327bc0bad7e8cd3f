import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import { canYield, countInFull, yieldToOthers } from './scheduling.ts';

const ours = getPriority();
let child: ChildProcess | undefined;
afterEach(async () => {
  child?.kill('SIGKILL');
  if (child && child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  child = undefined;
});

/** The process's threads by priority, and that of its session. */
function prioritiesOf(pid: number) {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => getPriority(Number(thread)));
  const session = Number(/nice (-?\d+)/.exec(readFileSync(`/proc/${pid}/autogroup`, 'utf8'))?.[1]);
  return { threads: [...new Set(threads)], session };
}

/** A process that has started threads of its own when this resolves. */
async function startYielding(): Promise<number> {
  const program = "require('node:fs').stat('/', () => console.log('ready')); setInterval(() => {}, 1_000);";
  child = spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  const { pid = 0 } = child;
  yieldToOthers(pid);
  if (child.stdout) await once(child.stdout, 'data');
  return pid;
}

describe.runIf(canYield)('with the capabilities', () => {
  test('a process that yields does so with all threads that it starts, and its session', async () => {
    expect(prioritiesOf(await startYielding())).toEqual({ threads: [19], session: 19 });
  });

  test('one that counts in full does so with all of them', async () => {
    const pid = await startYielding();
    countInFull(pid);
    expect(prioritiesOf(pid)).toEqual({ threads: [ours], session: 0 });
  });

  test('a process that is gone is nothing to do for', async () => {
    const pid = await startYielding();
    child?.kill('SIGKILL');
    if (child) await once(child, 'exit');
    yieldToOthers(pid);
    countInFull(pid);
  });
});

test.skipIf(canYield)('without the capabilities to undo it, nothing is done', async () => {
  expect(prioritiesOf(await startYielding())).toEqual({ threads: [ours], session: 0 });
});
