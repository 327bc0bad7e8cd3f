import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { getPriority } from 'node:os';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { LoadWatch } from './load-watch.ts';
import { canYield } from './scheduling.ts';

const ours = getPriority();
const less = 10;
/** Another engine, which takes nothing and so keeps its priority: this process stands for it. */
const calmPid = process.pid;

let child: ChildProcess;
let pid: number;
let nowMs = 0;
let spentMs: number | undefined = 0;
let watch: LoadWatch;
beforeEach(async () => {
  child = spawn(process.execPath, ['-e', "console.log('ready'); setInterval(() => {}, 1_000);"], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  pid = child.pid ?? 0;
  if (child.stdout) await once(child.stdout, 'data');
  [nowMs, spentMs] = [0, 0];
  watch = new LoadWatch({ now: () => nowMs, spentMs: (of) => (of === pid ? spentMs : 0) });
  watch.add(pid);
  watch.add(calmPid);
});
afterEach(async () => {
  watch.remove(pid);
  watch.remove(calmPid);
  child.kill('SIGKILL');
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
});

/** A second in which the process takes this share of a processor. */
function second(share: number): void {
  for (let look = 0; look < 4; look += 1) {
    nowMs += 250;
    spentMs = (spentMs ?? 0) + share * 250;
    watch.look();
  }
}

describe.runIf(canYield)('with the capabilities', () => {
  test('an engine that takes a quarter of a processor counts less, until it took little for a second', () => {
    second(0.24);
    expect(getPriority(pid)).toBe(ours);
    second(0.26);
    expect(getPriority(pid)).toBe(less);
    second(0.125);
    expect(getPriority(pid)).toBe(less);
    second(0.12);
    expect(getPriority(pid)).toBe(ours);
  });

  test('one that is busy now and then goes on counting less', () => {
    second(2);
    for (const share of [0, 0, 0, 0.3, 0, 0, 0]) {
      nowMs += 250;
      spentMs = (spentMs ?? 0) + share * 250;
      watch.look();
      expect(getPriority(pid)).toBe(less);
    }
  });

  test('the only one gives way to nobody', () => {
    second(2);
    watch.remove(calmPid);
    second(2);
    expect(getPriority(pid)).toBe(ours);
    watch.add(calmPid);
    second(2);
    expect(getPriority(pid)).toBe(less);
  });

  test('one that is gone is left alone', async () => {
    child.kill('SIGKILL');
    await once(child, 'exit');
    second(2);
    spentMs = undefined;
    second(0);
  });

  test('what a process takes is read from the system', async () => {
    const real = new LoadWatch();
    const busy = spawn(process.execPath, ['-e', 'for (;;);'], { stdio: 'ignore', detached: true });
    try {
      real.add(busy.pid ?? 0);
      real.add(pid);
      await expect.poll(() => getPriority(busy.pid ?? 0), { timeout: 50_000 }).toBe(less);
    } finally {
      real.remove(busy.pid ?? 0);
      real.remove(pid);
      busy.kill('SIGKILL');
      await once(busy, 'exit');
    }
  });
});

test.skipIf(canYield)('without the capabilities to undo it, nothing is done', () => {
  second(2);
  expect(getPriority(pid)).toBe(ours);
});
