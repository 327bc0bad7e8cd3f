import { existsSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../../gen/trellis/common/v1/error_reason_pb.js';
import { readTierTable } from '../../../mesh/plan/read-tier-table.ts';
import { TestClock } from '../../../mesh/process/clock.testing.ts';
import { noLayers } from '../confinement/confinement.ts';
import { EngineUids } from '../confinement/engine-uids.ts';
import { FakeGraphs, fakeEngineProgram, isAlive, pidOf } from '../testing/fake-graphs.ts';
import { EngineLauncher } from './engine-launcher.ts';
import { SparePool } from './spare-pool.ts';
import { Supervisor, type SupervisorOptions } from './supervisor.ts';

const limits = {
  slots: 2,
  slotWaitMs: 20_000,
  idleMs: 0,
  roomIdleMs: 0,
  openTimeoutMs: 30_000,
  closeTimeoutMs: 10_000,
  failuresMax: 3,
  coolDownMs: 60_000,
};
const verificationKey = { kty: 'OKP', crv: 'Ed25519', x: 'public' };
const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });

let graphs: FakeGraphs;
let clock: TestClock;
let supervisor: Supervisor;
/** What there was to report at each change. */
let reports: ReturnType<Supervisor['held']>[];
let logLines: string[];

beforeEach(async () => {
  graphs = await FakeGraphs.create();
  clock = new TestClock();
  reports = [];
  logLines = [];
  supervisor = createSupervisor({ onChange: () => reports.push(supervisor.held()) });
});
afterEach(async () => {
  await supervisor.drain();
  await graphs.expectNoneAlive();
});

function createSupervisor(options: Partial<SupervisorOptions> & { program?: string } = {}): Supervisor {
  const { program = fakeEngineProgram, ...others } = options;
  const { dataDirectory } = graphs;
  const log = pino({ level: 'info' }, { write: (line: string) => logLines.push(line) });
  const launcher = new EngineLauncher({
    program,
    dataDirectory,
    layers: noLayers,
    platform: { isRoot: false, isLinux: false, setpriv: undefined, prlimit: undefined },
    uids: new EngineUids({ first: 1, last: 1 }),
    heapMib: 128,
    readable: [],
    hangMs: 36_000,
    clock,
    log,
  });
  return new Supervisor({
    limits,
    tiers: readTierTable({}),
    dataDirectory,
    pool: new SparePool({ spares: 0, launcher, clock, log }),
    verificationKey,
    clock,
    log,
    onChange: () => {},
    ...others,
  });
}

/** The engine of an opening serves a call that is over at once. */
function serveCall(opening: { readonly endpoint: string }): void {
  process.kill(pidOf(opening), 'SIGHUP');
}

/** How long a graph that served no call yet is safe from others. */
const graceMs = 3_000;
/** Starting a process takes its time on a machine that does much else. */
const slow = { timeout: 20_000 };
/** How often is looked for room while somebody waits. */
const lookMs = 150;

/** The next opening of a graph whose engine was killed. */
async function reopened(graph: ReturnType<FakeGraphs['graph']>, lost: { readonly endpoint: string }) {
  await expect.poll(() => supervisor.held()[0]?.endpoint, slow).not.toBe(lost.endpoint);
  return await supervisor.open(graph);
}

function kill(opening: { readonly endpoint: string }): void {
  process.kill(pidOf(opening), 'SIGKILL');
}

describe('opening', () => {
  test('forks a process that is told what to open and answers with its endpoint', async () => {
    const graph = graphs.graph(1, 4n);
    const opening = await supervisor.open(graph);
    expect(opening.epoch).toBe(4n);
    const [start] = await graphs.starts(graph.graphId);
    expect(start).toMatchObject({ pid: pidOf(opening), epoch: '4' });
    const { graphId, organizationId, tier } = graph;
    expect(start?.config).toEqual({ graphId, organizationId, tier, verificationKey, isCareful: false });
    expect(supervisor.held()).toEqual([{ graphId, ...opening }]);
    expect(reports.at(-1)).toEqual(supervisor.held());
  });

  test('reports the graph with its epoch and no endpoint before it is served', async () => {
    const graph = graphs.graph(1, 4n);
    await supervisor.open(graph);
    expect(reports[0]).toEqual([{ graphId: graph.graphId, endpoint: '', epoch: 4n }]);
  });

  test('gives the process an empty directory of its own and nothing of our environment', async () => {
    process.env.TRELLIS_TEST_SECRET = 'hunter2';
    process.env.NODE_OPTIONS = '--title=inherited';
    try {
      const graph = graphs.graph(1);
      const opening = await supervisor.open(graph);
      kill(opening);
      await reopened(graph, opening);
      for (const start of await graphs.starts(graph.graphId)) {
        expect(start.workFiles).toEqual([]);
        expect(start.execArgv).toEqual(['--max-old-space-size=128']);
        const { PATH, HOME, TMPDIR, MALLOC_ARENA_MAX, ...others } = start.environment;
        expect([PATH, HOME, TMPDIR]).toEqual([process.env.PATH, start.workDirectory, start.workDirectory]);
        expect(Object.keys(others)).toEqual([]);
        expect(start.workDirectory).not.toBe(graphs.directory(graph.graphId));
      }
    } finally {
      delete process.env.TRELLIS_TEST_SECRET;
      delete process.env.NODE_OPTIONS;
    }
  });

  test('starts one process however many ask, and answers with it while it is open', async () => {
    const graph = graphs.graph(1);
    const openings = await Promise.all(Array.from({ length: 5 }, () => supervisor.open(graph)));
    openings.push(await supervisor.open({ ...graph, epoch: 9n }));
    expect(new Set(openings.map(({ endpoint }) => endpoint)).size).toBe(1);
    expect(await graphs.starts(graph.graphId)).toHaveLength(1);
    expect(openings.at(-1)?.epoch).toBe(1n);
  });

  test('takes a greater epoch than asked for where the disk remembers it', async () => {
    const graph = graphs.graph(1);
    await supervisor.open({ ...graph, epoch: 7n });
    await supervisor.close(graph.graphId, false);
    expect(await supervisor.open({ ...graph, epoch: 2n })).toMatchObject({ epoch: 8n });
  });

  test('tries again with a back-off where the first processes fail', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { failures: 2 });
    const opening = supervisor.open(graph);
    await clock.sleeper(50);
    expect(await graphs.starts(graph.graphId)).toHaveLength(2);
    clock.advance(50);
    expect(await opening).toMatchObject({ epoch: 3n });
  });

  test('gives up after failures to open in a row, tells no path, and leaves the graph alone until it has cooled down', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onOpen: 'fail' });
    const opening = supervisor.open(graph).catch((error: unknown) => error);
    await clock.sleeper(50);
    clock.advance(50);
    const error = await opening;
    expect(error).toMatchObject({ ...reason('UNAVAILABLE'), retryAfterMs: 60_000 });
    expect((error as Error).message).toContain('failed to open 3 times in a row');
    expect((error as Error).message).not.toContain('/secret/path');
    await expect.poll(() => reports.at(-1)).toEqual([]);
    await graphs.script(graph.graphId, {});
    clock.advance(59_999);
    await expect(supervisor.open(graph)).rejects.toMatchObject({
      ...reason('UNAVAILABLE'),
      retryAfterMs: 1,
    });
    expect(await graphs.starts(graph.graphId)).toHaveLength(3);
    clock.advance(1);
    expect(await supervisor.open(graph)).toMatchObject({ epoch: 4n });
  });

  test('gives up at once where time does not mend the reason, and tells it', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onOpen: 'fail-damaged' });
    const error = await supervisor.open(graph).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ ...reason('UNAVAILABLE'), metadata: { cause: 'damaged', failures: '2' } });
    expect((error as Error).message).toContain('its file is damaged');
    expect(await graphs.starts(graph.graphId)).toHaveLength(2);
  });

  test('never opens a graph whose database was lost as if it were new', async () => {
    const graph = graphs.graph(1);
    await supervisor.open(graph);
    await supervisor.close(graph.graphId, false);
    await writeFile(`${graphs.directory(graph.graphId)}/graph.kuzu`, '');
    const error = await supervisor.open(graph).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ ...reason('UNAVAILABLE'), metadata: { cause: 'lost' } });
    expect(await graphs.starts(graph.graphId)).toHaveLength(1);
  });

  test('backs off while the disk gives no epoch, and then takes none smaller than asked for', async () => {
    const patient = createSupervisor({ limits: { ...limits, failuresMax: 5 } });
    const graph = graphs.graph(1, 9n);
    await graphs.script(graph.graphId, {});
    const epochPath = `${graphs.dataDirectory}/graph-node/epochs/${graph.graphId}`;
    await mkdir(dirname(epochPath), { recursive: true });
    await writeFile(epochPath, 'no number');
    const opening = patient.open(graph);
    const failed = () => logLines.filter((line) => line.includes('could not be started')).length;
    await expect.poll(failed).toBe(3);
    await clock.sleeper(50);
    await rm(epochPath);
    clock.advance(50);
    await clock.sleeper(100);
    clock.advance(100);
    expect(await opening).toMatchObject({ epoch: 9n });
    await patient.drain();
  });

  test('kills a process that does not open in time, and tries again', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onOpen: 'hang' });
    const opening = supervisor.open(graph);
    await clock.sleeper(30_000);
    await expect.poll(() => graphs.pids(), slow).toHaveLength(1);
    await graphs.script(graph.graphId, {});
    clock.advance(30_000);
    expect(await opening).toMatchObject({ epoch: 2n });
    const [hung] = await graphs.pids();
    expect(isAlive(hung ?? 0)).toBe(false);
  });

  test('counts a program that cannot be started as a failure', async () => {
    const broken = createSupervisor({
      limits: { ...limits, failuresMax: 1 },
      program: '/nowhere/engine.ts',
    });
    await expect(broken.open(graphs.graph(1))).rejects.toMatchObject(reason('UNAVAILABLE'));
    expect(broken.held()).toEqual([]);
  });
});

describe('a crash', () => {
  test('is reported at once without endpoint, and the graph is served again with the next epoch', async () => {
    const graph = graphs.graph(1, 5n);
    const opening = await supervisor.open(graph);
    reports.length = 0;
    kill(opening);
    const next = await reopened(graph, opening);
    expect(next.epoch).toBe(6n);
    const { graphId } = graph;
    expect(reports[0]).toEqual([{ graphId, endpoint: '', epoch: 6n }]);
    expect(reports.at(-1)).toEqual([{ graphId, ...next }]);
  });

  test('touches no other graph', async () => {
    const [first, second] = [graphs.graph(1), graphs.graph(2)];
    const opening = await supervisor.open(first);
    const other = await supervisor.open(second);
    kill(opening);
    await reopened(first, opening);
    expect(await supervisor.open(second)).toEqual(other);
    expect(isAlive(pidOf(other))).toBe(true);
  });

  test('after five seconds of service counts as a first one: the graph is served again at once', async () => {
    const graph = graphs.graph(1);
    let opening = await supervisor.open(graph);
    for (let crash = 1; crash <= 5; crash++) {
      clock.advance(5_000);
      kill(opening);
      opening = await reopened(graph, opening);
    }
    clock.advance(4_999);
    kill(opening);
    await clock.sleeper(50);
    clock.advance(50);
    expect(await reopened(graph, opening)).toMatchObject({ epoch: 7n });
  });

  test('for memory has the next process begin carefully, and not the one after that', async () => {
    const graph = graphs.graph(1);
    const first = await supervisor.open(graph);
    process.kill(pidOf(first), 'SIGQUIT');
    const second = await reopened(graph, first);
    kill(second);
    await clock.sleeper(50);
    clock.advance(50);
    await reopened(graph, second);
    const starts = await graphs.starts(graph.graphId);
    expect(starts.map(({ config }) => config)).toMatchObject([
      { isCareful: false },
      { isCareful: true },
      { isCareful: false },
    ]);
  });

  test('after crash never opens the circuit: the graph is served again every time, after a back-off of up to 1 s', async () => {
    const graph = graphs.graph(1);
    let opening = await supervisor.open(graph);
    kill(opening);
    opening = await reopened(graph, opening);
    reports.length = 0;
    for (const delayMs of [50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000]) {
      kill(opening);
      await clock.sleeper(delayMs);
      clock.advance(delayMs);
      opening = await reopened(graph, opening);
    }
    expect(opening.epoch).toBe(11n);
    expect(await graphs.starts(graph.graphId)).toHaveLength(11);
    expect(supervisor.held()).toEqual([{ graphId: graph.graphId, ...opening }]);
    expect(reports).not.toContainEqual([]);
  });

  test('is no failure to open: those before and after a served opening do not add up', async () => {
    const graph = graphs.graph(1);
    let opening = await supervisor.open(graph);
    for (const delaysMs of [
      [50, 100],
      [200, 400, 800],
    ]) {
      await graphs.script(graph.graphId, { onOpen: 'fail' });
      kill(opening);
      for (const delayMs of delaysMs) {
        await clock.sleeper(delayMs);
        if (delayMs === delaysMs.at(-1)) await graphs.script(graph.graphId, {});
        clock.advance(delayMs);
      }
      opening = await reopened(graph, opening);
    }
    expect(opening.epoch).toBe(7n);
  });

  test('after which the graph fails to open too often opens the circuit', async () => {
    const graph = graphs.graph(1);
    const opening = await supervisor.open(graph);
    await graphs.script(graph.graphId, { onOpen: 'fail' });
    kill(opening);
    for (const delayMs of [50, 100]) {
      await clock.sleeper(delayMs);
      clock.advance(delayMs);
    }
    await expect.poll(() => supervisor.held(), slow).toEqual([]);
    await expect(supervisor.open(graph)).rejects.toMatchObject(reason('UNAVAILABLE'));
    expect(await graphs.starts(graph.graphId)).toHaveLength(4);
  });

  test('lets those who ask meanwhile wait for the next process', async () => {
    const graph = graphs.graph(1);
    const opening = await supervisor.open(graph);
    kill(opening);
    await reopened(graph, opening);
    const second = await supervisor.open(graph);
    kill(second);
    await clock.sleeper(50);
    const waiting = supervisor.open(graph);
    clock.advance(50);
    expect((await waiting).epoch).toBe(3n);
  });
});

describe('closing', () => {
  test('ends the process and keeps the files; closing again is fine', async () => {
    const graph = graphs.graph(1);
    const opening = await supervisor.open(graph);
    await supervisor.close(graph.graphId, false);
    expect(isAlive(pidOf(opening))).toBe(false);
    expect(existsSync(`${graphs.directory(graph.graphId)}/graph.kuzu`)).toBe(true);
    expect(reports.at(-1)).toEqual([]);
    await supervisor.close(graph.graphId, false);
  });

  test('deletes the files only after the process is gone', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onClose: 'hang' });
    const opening = await supervisor.open(graph);
    const closed = supervisor.close(graph.graphId, true);
    await clock.sleeper(10_000);
    expect(existsSync(graphs.directory(graph.graphId))).toBe(true);
    expect(isAlive(pidOf(opening))).toBe(true);
    clock.advance(10_000);
    await closed;
    expect(isAlive(pidOf(opening))).toBe(false);
    expect(existsSync(graphs.directory(graph.graphId))).toBe(false);
  });

  test('ends an opening that is under way, whose callers hear of it', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onOpen: 'hang' });
    const opening = supervisor.open(graph).catch((error: unknown) => error);
    await expect.poll(() => graphs.pids(), slow).toHaveLength(1);
    await supervisor.close(graph.graphId, false);
    expect(await opening).toMatchObject(reason('UNAVAILABLE'));
  });

  test('lets an opening wait until the process before is gone', async () => {
    const graph = graphs.graph(1);
    const first = await supervisor.open(graph);
    const closed = supervisor.close(graph.graphId, false);
    const second = await supervisor.open(graph);
    expect(isAlive(pidOf(first))).toBe(false);
    expect(second.epoch).toBe(2n);
    await closed;
  });

  test('twice at the same time waits for the same end, and deletes as soon as one of them says so', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onClose: 'hang' });
    const opening = await supervisor.open(graph);
    let isDeleted = false;
    const closed = supervisor.close(graph.graphId, false);
    const deleted = supervisor.close(graph.graphId, true).then(() => {
      isDeleted = true;
    });
    await clock.sleeper(10_000);
    const elsewhere = createSupervisor();
    await elsewhere.open(graphs.graph(4));
    await elsewhere.drain();
    expect(isDeleted).toBe(false);
    expect(existsSync(graphs.directory(graph.graphId))).toBe(true);
    clock.advance(10_000);
    await Promise.all([closed, deleted]);
    expect(isAlive(pidOf(opening))).toBe(false);
    expect(existsSync(graphs.directory(graph.graphId))).toBe(false);
  });

  test('of a graph that restarts ends the restart', async () => {
    const graph = graphs.graph(1);
    const opening = await supervisor.open(graph);
    kill(opening);
    const second = await reopened(graph, opening);
    kill(second);
    await clock.sleeper(50);
    await supervisor.close(graph.graphId, false);
    expect(await graphs.starts(graph.graphId)).toHaveLength(2);
  });
});

describe('slots', () => {
  test('the graph that was idle for longest makes room', async () => {
    const [first, second, third] = [graphs.graph(1), graphs.graph(2), graphs.graph(3)];
    const a = await supervisor.open(first);
    clock.advance(1);
    const b = await supervisor.open(second);
    clock.advance(graceMs);
    await supervisor.open(third);
    expect(isAlive(pidOf(a))).toBe(false);
    expect(isAlive(pidOf(b))).toBe(true);
    expect(supervisor.held().map(({ graphId }) => graphId)).toEqual([second.graphId, third.graphId]);
  });

  test('a graph that was just opened is closed for another only once it served a call, or nobody came', async () => {
    const [first, second, third, fourth] = [1, 2, 3, 4].map((number) => graphs.graph(number));
    if (!first || !second || !third || !fourth) throw new Error('no graphs');
    const a = await supervisor.open(first);
    const b = await supervisor.open(second);
    const opening = supervisor.open(third);
    await clock.sleeper(lookMs);
    clock.advance(graceMs - 1);
    await clock.sleeper(lookMs);
    expect([isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([true, true]);
    serveCall(b);
    const c = await opening;
    expect([isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([true, false]);
    const next = supervisor.open(fourth);
    await clock.sleeper(lookMs);
    clock.advance(lookMs);
    await next;
    expect([isAlive(pidOf(a)), isAlive(pidOf(c))]).toEqual([false, true]);
  });

  test('a graph with calls under way is never closed for another', async () => {
    const [first, second, third] = [graphs.graph(1), graphs.graph(2), graphs.graph(3)];
    const a = await supervisor.open(first);
    clock.advance(1);
    const b = await supervisor.open(second);
    clock.advance(graceMs);
    process.kill(pidOf(a), 'SIGUSR2');
    await expect.poll(() => supervisor.idleGraphIds()).toEqual([second.graphId]);
    await supervisor.open(third);
    expect([isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([true, false]);
  });

  test('an engine that has a call of which it has not told stays, and serves', async () => {
    const [first, second, third] = [graphs.graph(1), graphs.graph(2), graphs.graph(3)];
    await graphs.script(first.graphId, { onSleep: 'busy' });
    const a = await supervisor.open(first);
    clock.advance(1);
    const b = await supervisor.open(second);
    clock.advance(graceMs);
    const opening = supervisor.open(third);
    expect(await supervisor.open(first)).toEqual(a);
    await clock.sleeper(lookMs);
    clock.advance(lookMs);
    await opening;
    expect([isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([true, false]);
  });

  test('where all graphs have calls an opening waits, first come, first served, and then there is no capacity', async () => {
    const [first, second, third, fourth] = [1, 2, 3, 4].map((number) => graphs.graph(number));
    if (!first || !second || !third || !fourth) throw new Error('no graphs');
    await graphs.script(second.graphId, { isBusy: true });
    const a = await supervisor.open(first);
    process.kill(pidOf(a), 'SIGUSR2');
    await supervisor.open(second);
    await expect.poll(() => supervisor.idleGraphIds()).toEqual([]);
    const waiting = supervisor.open(third);
    await clock.sleeper(20_000);
    clock.advance(1);
    const late = supervisor.open(fourth).catch((error: unknown) => error);
    expect(supervisor.held().map(({ graphId }) => graphId)).toEqual([first.graphId, second.graphId]);
    serveCall(a);
    const c = await waiting;
    expect(isAlive(pidOf(a))).toBe(false);
    process.kill(pidOf(c), 'SIGUSR2');
    await expect.poll(() => supervisor.idleGraphIds()).toEqual([]);
    clock.advance(20_000);
    expect(await late).toMatchObject({ ...reason('NO_CAPACITY'), metadata: { limit: '2' } });
  });

  test('closing a graph that waits for a slot ends its wait', async () => {
    for (const graph of [graphs.graph(1), graphs.graph(2)]) {
      await graphs.script(graph.graphId, { isBusy: true });
      await supervisor.open(graph);
    }
    const third = graphs.graph(3);
    const waiting = supervisor.open(third).catch((error: unknown) => error);
    await clock.sleeper(20_000);
    await supervisor.close(third.graphId, true);
    expect(await waiting).toMatchObject(reason('UNAVAILABLE'));
    expect(await graphs.starts(third.graphId)).toEqual([]);
  });

  test('never are there more processes than slots, also while one closes', async () => {
    const [first, second, third] = [graphs.graph(1), graphs.graph(2), graphs.graph(3)];
    await graphs.script(first.graphId, { onClose: 'hang' });
    const a = await supervisor.open(first);
    clock.advance(1);
    await supervisor.open(second);
    clock.advance(graceMs);
    const opening = supervisor.open(third);
    await clock.sleeper(10_000);
    // By the time that another node has started two processes in turn, this one would have started one.
    const elsewhere = createSupervisor();
    for (const number of [4, 5]) await elsewhere.open(graphs.graph(number));
    expect(isAlive(pidOf(a))).toBe(true);
    expect(await graphs.starts(third.graphId)).toEqual([]);
    clock.advance(10_000);
    await opening;
    expect(isAlive(pidOf(a))).toBe(false);
    await elsewhere.drain();
  });
});

describe('sleep', () => {
  const sleepy = () =>
    createSupervisor({
      limits: { ...limits, idleMs: 60_000 },
      onChange: () => reports.push(supervisor.held()),
    });

  test('a graph without calls for its time is closed, and reported so before its process has ended', async () => {
    await supervisor.drain();
    supervisor = sleepy();
    const [first, second] = [graphs.graph(1), graphs.graph(2)];
    await graphs.script(first.graphId, { onClose: 'hang' });
    const a = await supervisor.open(first);
    clock.advance(1_000);
    const b = await supervisor.open(second);
    clock.advance(59_000);
    await expect.poll(() => supervisor.held().map(({ graphId }) => graphId)).toEqual([second.graphId]);
    expect(reports.at(-1)).toEqual(supervisor.held());
    expect([isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([true, true]);
    await clock.sleeper(10_000);
    clock.advance(10_000);
    await expect.poll(() => [isAlive(pidOf(a)), isAlive(pidOf(b))]).toEqual([false, false]);
  });

  test('an opening that comes while the graph falls asleep has it open again, with the next epoch', async () => {
    await supervisor.drain();
    supervisor = sleepy();
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onClose: 'hang' });
    const asleep = await supervisor.open(graph);
    await graphs.script(graph.graphId, {});
    clock.advance(60_000);
    await expect.poll(() => supervisor.held()).toEqual([]);
    const waking = supervisor.open(graph);
    await clock.sleeper(10_000);
    expect(isAlive(pidOf(asleep))).toBe(true);
    clock.advance(10_000);
    const awake = await waking;
    expect(awake.epoch).toBe(2n);
    expect([isAlive(pidOf(asleep)), isAlive(pidOf(awake))]).toEqual([false, true]);
  });

  test('a call starts the time again, and one that lasts holds the graph open', async () => {
    await supervisor.drain();
    supervisor = sleepy();
    const graph = graphs.graph(1);
    const opening = await supervisor.open(graph);
    process.kill(pidOf(opening), 'SIGUSR2');
    await expect.poll(() => supervisor.idleGraphIds()).toEqual([]);
    clock.advance(600_000);
    await clock.sleeper(6_000);
    expect(supervisor.held()).toHaveLength(1);
    serveCall(opening);
    await expect.poll(() => supervisor.idleGraphIds()).toEqual([graph.graphId]);
    clock.advance(59_999);
    await clock.sleeper(6_000);
    expect(supervisor.held()).toHaveLength(1);
    clock.advance(6_000);
    await expect.poll(() => supervisor.held()).toEqual([]);
  });
});

describe('room for the next graph', () => {
  const roomIdleMs = 5_000;
  const lookAheadMs = 500;
  const [first, second, third, fourth] = [1, 2, 3, 4];
  const madeRoom = () => logLines.filter((line) => line.includes('so that the next one finds room')).length;
  const open = (number: number | undefined) => supervisor.open(graphs.graph(number ?? 0));
  /** Moves the time and lets it be looked for room. */
  const pass = async (durationMs: number) => {
    clock.advance(durationMs);
    await clock.sleeper(lookAheadMs);
  };

  /** One of two graphs that are open has a call, of which the supervisor has heard when this resolves. */
  const use = async (opening: { readonly endpoint: string }) => {
    process.kill(pidOf(opening), 'SIGUSR2');
    await expect.poll(() => supervisor.idleGraphIds()).toHaveLength(1);
    serveCall(opening);
    await expect.poll(() => supervisor.idleGraphIds()).toHaveLength(2);
  };

  beforeEach(async () => {
    await supervisor.drain();
    supervisor = createSupervisor({ limits: { ...limits, roomIdleMs } });
  });

  /** Two graphs are open, and a third one had to wait until the first of them made room. */
  async function crowd() {
    const a = await open(first);
    clock.advance(1);
    const b = await open(second);
    clock.advance(graceMs);
    const c = await open(third);
    expect(isAlive(pidOf(a))).toBe(false);
    return { b, c };
  }

  test('is made ahead where one had to wait: the next one finds a slot', async () => {
    const { b, c } = await crowd();
    await clock.sleeper(lookAheadMs);
    await pass(roomIdleMs - graceMs);
    await expect.poll(() => isAlive(pidOf(b))).toBe(false);
    await expect.poll(() => supervisor.held()).toHaveLength(1);
    await open(fourth);
    expect(isAlive(pidOf(c))).toBe(true);
    expect(logLines.filter((line) => line.includes('is closed to make room'))).toHaveLength(1);
  });

  test('is not made by a graph with calls or with calls of late', async () => {
    const { b, c } = await crowd();
    await clock.sleeper(lookAheadMs);
    process.kill(pidOf(b), 'SIGUSR2');
    await expect.poll(() => supervisor.idleGraphIds()).toHaveLength(1);
    await pass(roomIdleMs - 1);
    expect(madeRoom()).toBe(0);
    await pass(lookAheadMs);
    await expect.poll(() => isAlive(pidOf(c))).toBe(false);
    expect(isAlive(pidOf(b))).toBe(true);
  });

  test('is not made by another one while one leaves', async () => {
    await graphs.script(graphs.graph(second ?? 0).graphId, { onClose: 'hang' });
    const { b, c } = await crowd();
    await clock.sleeper(lookAheadMs);
    await pass(roomIdleMs);
    await clock.sleeper(10_000);
    expect([isAlive(pidOf(b)), isAlive(pidOf(c))]).toEqual([true, true]);
    await pass(roomIdleMs);
    expect(madeRoom()).toBe(1);
    clock.advance(10_000);
    await expect.poll(() => isAlive(pidOf(b))).toBe(false);
    expect(isAlive(pidOf(c))).toBe(true);
  });

  test('is not kept where as many graphs as slots are used in turn, however slowly', async () => {
    const [a, b] = [await open(first), await open(second)];
    for (let turn = 0; turn < 3; turn++) {
      clock.advance(roomIdleMs * 10);
      for (const opening of [a, b]) await use(opening);
    }
    expect([isAlive(pidOf(a)), isAlive(pidOf(b)), madeRoom()]).toEqual([true, true, 0]);
  });

  test('is not kept any more once the graph that made it is the first to come back', async () => {
    const { b, c } = await crowd();
    await clock.sleeper(lookAheadMs);
    await pass(roomIdleMs - graceMs);
    await expect.poll(() => isAlive(pidOf(b))).toBe(false);
    const again = await open(second);
    for (let turn = 0; turn < 3; turn++) {
      clock.advance(roomIdleMs * 10);
      for (const opening of [c, again]) await use(opening);
    }
    expect([isAlive(pidOf(c)), isAlive(pidOf(again)), madeRoom()]).toEqual([true, true, 1]);
  });
});

test('an engine that lives and does not answer any more is replaced', async () => {
  const graph = graphs.graph(1);
  await graphs.script(graph.graphId, { onPing: 'hang' });
  const opening = await supervisor.open(graph);
  await graphs.script(graph.graphId, {});
  // The message that it is open was an answer, too; then three questions go without.
  for (let question = 1; question <= 4; question++) {
    await clock.sleeper(12_000);
    clock.advance(12_000);
  }
  expect(await reopened(graph, opening)).toMatchObject({ epoch: 2n });
  expect(isAlive(pidOf(opening))).toBe(false);
});

test('a graph of a tier that the environment does not offer is not opened, and takes no slot', async () => {
  const staging = createSupervisor({ tiers: readTierTable({ TRELLIS_ENVIRONMENT: 'staging' }) });
  const opening = staging.open({ ...graphs.graph(1), tier: 'premium' });
  await expect(opening).rejects.toMatchObject({
    ...reason('TIER_NOT_OFFERED'),
    metadata: { tier: 'premium', environment: 'staging' },
  });
  expect(staging.held()).toEqual([]);
  await staging.drain();
});

test('draining closes all graphs at the same time, kills what does not close, and opens none any more', async () => {
  const [first, second] = [graphs.graph(1), graphs.graph(2)];
  await graphs.script(first.graphId, { onClose: 'hang' });
  const openings = [await supervisor.open(first), await supervisor.open(second)];
  const drained = supervisor.drain();
  await clock.sleeper(10_000);
  clock.advance(10_000);
  await drained;
  expect(openings.map(pidOf).map(isAlive)).toEqual([false, false]);
  await expect(supervisor.open(first)).rejects.toMatchObject(reason('UNAVAILABLE'));
});

test('what an engine writes goes to the log, line by line and not without end', async () => {
  const graph = graphs.graph(1);
  await graphs.script(graph.graphId, { output: `hello\n${'x'.repeat(10_000)}\n` });
  await supervisor.open(graph);
  const written = () =>
    logLines
      .map((line) => JSON.parse(line))
      .filter(({ stream }) => stream === 'stdout')
      .map(({ graphId, line }) => [graphId, line]);
  await expect.poll(written).toEqual([
    [graph.graphId, 'hello'],
    [graph.graphId, 'x'.repeat(4_096)],
  ]);
});
