import { readFileSync } from 'node:fs';
import { getPriority } from 'node:os';
import { pino } from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { standardTier } from '../../../mesh/plan/tier-table.testing.ts';
import { TestClock } from '../../../mesh/process/clock.testing.ts';
import { noLayers } from '../confinement/confinement.ts';
import { EngineUids } from '../confinement/engine-uids.ts';
import { GraphDirectory } from '../store/graph-directory.ts';
import { FakeGraphs, fakeEngineProgram, pidOf } from '../testing/fake-graphs.ts';
import { EngineLauncher } from './engine-launcher.ts';
import type { EngineProcess } from './engine-process.ts';
import { canYield } from './scheduling.ts';
import { SparePool } from './spare-pool.ts';

const slow = { timeout: 20_000 };
let graphs: FakeGraphs;
let clock: TestClock;
let pool: SparePool;
/** Every process that was started. */
let started: EngineProcess[];
let isLauncherBroken: boolean;

beforeEach(async () => {
  graphs = await FakeGraphs.create();
  clock = new TestClock();
  started = [];
  isLauncherBroken = false;
  const log = pino({ level: 'silent' });
  const launcher = new EngineLauncher({
    program: fakeEngineProgram,
    dataDirectory: graphs.dataDirectory,
    layers: noLayers,
    platform: { isRoot: false, isLinux: false, setpriv: undefined, prlimit: undefined },
    uids: new EngineUids({ first: 1, last: 1 }),
    heapMib: 128,
    readable: [],
    hangMs: 0,
    clock,
    log,
  });
  const start = async () => {
    if (isLauncherBroken) throw new Error('the disk is full');
    const process = await launcher.start();
    started.push(process);
    return process;
  };
  pool = new SparePool({ spares: 2, launcher: { start }, clock, log });
});
afterEach(async () => {
  await pool.close();
  for (const process of started) process.kill();
  await Promise.all(started.map(({ exited }) => exited));
  await graphs.expectNoneAlive();
});

/** The processes that one started, by Linux's list of them. */
function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number);
}

const living = () => started.filter(({ isAlive }) => isAlive).length;

function open(process: EngineProcess): Promise<void> {
  const graph = graphs.graph(1);
  const { graphId } = graph;
  const config = {
    ...graph,
    tier: standardTier,
    verificationKey: {},
    logLevel: 'silent' as const,
    isCareful: false,
  };
  return process.open({
    config,
    directory: new GraphDirectory(graphs.dataDirectory, graphId),
    onActivity: () => {},
  });
}

test('spares are there before anybody asks; one that is taken is replaced after it has opened', async () => {
  pool.fill();
  await expect.poll(() => pool.readyCount, slow).toBe(2);
  const [first, second] = started;
  const taken = await pool.take();
  expect(taken).toBe(first);
  expect(started).toHaveLength(2);
  await open(taken);
  await taken.opened;
  await expect.poll(() => pool.readyCount, slow).toBe(2);
  expect(started).toHaveLength(3);
  expect(await pool.take()).toBe(second);
});

test.runIf(canYield)('spares give way to those that serve', async () => {
  pool.fill();
  await expect.poll(() => pool.readyCount, slow).toBe(2);
  const spares = childrenOf(process.pid);
  expect(spares.map((pid) => getPriority(pid))).toEqual([19, 19]);
  const taken = await pool.take();
  await open(taken);
  const pid = pidOf({ endpoint: await taken.opened });
  expect(spares).toContain(pid);
  expect(getPriority(pid)).toBe(getPriority());
});

test('where there is no spare a process is started', async () => {
  const taken = await pool.take();
  await open(taken);
  expect(await taken.opened).toMatch(/^127/);
  expect(started[0]).toBe(taken);
});

test('a spare that ends is replaced after a back-off, and never handed out', async () => {
  pool.fill();
  await expect.poll(() => pool.readyCount, slow).toBe(2);
  started[0]?.kill();
  await started[0]?.exited;
  await clock.sleeper(100);
  expect(pool.readyCount).toBe(1);
  clock.advance(100);
  await expect.poll(() => pool.readyCount, slow).toBe(2);
  started[2]?.kill();
  await started[2]?.exited;
  await clock.sleeper(200);
  expect(await pool.take()).toBe(started[1]);
});

test('where none can be started it is tried again with a back-off', async () => {
  isLauncherBroken = true;
  pool.fill();
  for (const delayMs of [100, 200]) {
    await clock.sleeper(delayMs);
    clock.advance(delayMs);
  }
  await clock.sleeper(400);
  await expect(pool.take()).rejects.toThrow('the disk is full');
  isLauncherBroken = false;
  clock.advance(400);
  await expect.poll(() => pool.readyCount, slow).toBe(2);
});

test('after the end there is none, also of those that had not loaded yet', async () => {
  pool.fill();
  await expect.poll(() => started.length, slow).toBe(1);
  await pool.close();
  expect(living()).toBe(0);
  pool.fill();
  expect(living()).toBe(0);
});
