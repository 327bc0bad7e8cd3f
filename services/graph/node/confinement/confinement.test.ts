import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { standardTier } from '../../../mesh/plan/tier-table.testing.ts';
import { systemClock } from '../../../mesh/process/clock.ts';
import { GraphDirectory, reclaimGraphs } from '../store/graph-directory.ts';
import { EngineLauncher } from '../supervisor/engine-launcher.ts';
import type { EngineProcess } from '../supervisor/engine-process.ts';
import { emptyWorkRoot, letPass } from '../supervisor/work-directory.ts';
import type { Attempts, Outcome } from '../testing/intruder.ts';
import { fillCompileCache } from './compile-cache.ts';
import { ConfinementMissingError, confineEngines } from './confine-engines.ts';
import { availableLayers, type Layers, noLayers, type Platform, readPlatform } from './confinement.ts';
import { EngineUids, uidCount } from './engine-uids.ts';

const intruder = fileURLToPath(new URL('../testing/intruder.ts', import.meta.url));
const root = fileURLToPath(new URL('../../../../', import.meta.url));
const log = pino({ level: 'silent' });
const uids = { first: 60_706, last: 60_720 };
const [graphId, otherGraphId] = ['kg_00000000000000000001', 'kg_00000000000000000002'];
const platform = readPlatform();
const isWhole = Object.values(availableLayers(platform)).every((isThere) => isThere);

let data: string;
let processes: EngineProcess[];

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'trellis-confined-'));
  processes = [];
  await mkdir(join(data, 'graphs'), { mode: 0o700 });
  await emptyWorkRoot(data);
});
afterEach(async () => {
  for (const process of processes) process.kill();
  await Promise.all(processes.map(({ exited }) => exited));
  await rm(data, { recursive: true });
});

/** Has a graph opened by a process that tries these things. */
async function intrude(
  layers: Layers,
  attempts: Attempts,
  id: string = graphId,
  on: Platform = platform,
  compileCache?: string,
): Promise<Outcome> {
  if (layers.user) await letPass(data);
  const launcher = new EngineLauncher({
    program: intruder,
    parameters: [JSON.stringify(attempts)],
    dataDirectory: data,
    layers,
    platform: on,
    uids: new EngineUids(id === graphId ? uids : { ...uids, first: uids.first + 1 }),
    heapMib: 128,
    readable: ['services', 'gen', 'node_modules'].map((name) => `${root}${name}/`),
    compileCache,
    hangMs: 0,
    clock: systemClock,
    log,
  });
  const process = await launcher.start();
  processes.push(process);
  const config = {
    graphId: id,
    organizationId: 'org_1',
    repository: '',
    tier: standardTier,
    epoch: 1n,
    verificationKey: {},
    isCareful: false,
    logLevel: 'silent' as const,
  };
  await process.open({ config, directory: new GraphDirectory(data, id), onActivity: () => {} });
  return JSON.parse(await process.opened);
}

async function secret(...path: readonly string[]): Promise<string> {
  const full = join(data, ...path);
  await mkdir(join(full, '..'), { recursive: true, mode: 0o700 });
  await writeFile(full, 'secret', { mode: 0o600 });
  return full;
}

test('this machine has every layer, so that the tests of them say something', () => {
  if (isWhole) return;
  console.warn(
    'NOT TESTED: the user and the privileges of engine processes. Run as root on Linux with util-linux.',
  );
  expect(process.env.CI, 'in CI these tests have to run').toBeUndefined();
});

describe.runIf(isWhole)('an engine process with a user of its own', () => {
  const layers = { ...availableLayers(platform), permissionModel: false };

  test('reaches its graph and its work directory, and no file of another graph, the mesh or the daemon', async () => {
    const meshKey = await secret('keys', 'mesh.json');
    const epoch = await secret('graph-node', 'epochs', graphId);
    await intrude(layers, {}, otherGraphId);
    const other = join(data, 'graphs', otherGraphId);
    const { attempts } = await intrude(layers, {
      read: [meshKey, epoch, join(other, 'graph.kuzu'), `/proc/${process.pid}/environ`, '/etc/shadow'],
      list: [join(data, 'graphs'), other, join(data, 'graph-node', 'work')],
      write: [
        meshKey,
        epoch,
        join(other, 'graph.kuzu'),
        join(other, 'graph.kuzu.wal'),
        join(data, 'new'),
        join(data, 'graphs', 'new'),
        intruder,
        `${root}node_modules/new`,
        '/etc/new',
      ],
      signal: [process.pid, process.ppid],
    });
    const { 'own database': database, 'own status': status, ...others } = attempts;
    const { 'beside own database': beside, 'own work directory': work, ...rest } = others;
    const { 'run a program': _, ...refused } = rest;
    expect([database, beside, work, status]).toEqual(['ok', 'ok', 'ok', 'ok']);
    for (const [name, code] of Object.entries(refused))
      expect([name, code]).toEqual([name, expect.stringMatching(/^E(?:ACCES|PERM)$/)]);
    expect(Object.keys(refused)).toHaveLength(20);
  });

  test('has no privileges and cannot get any, few resources, and nothing of our environment', async () => {
    process.env.TRELLIS_TEST_SECRET = 'hunter2';
    try {
      const { status, limits, environment } = await intrude(layers, {});
      expect(status).toMatch(/^Uid:\t60706\t60706\t60706\t60706$/m);
      expect(status).toMatch(/^Gid:\t60706\t60706\t60706\t60706$/m);
      expect(status).toMatch(/^Groups:\s*$/m);
      expect(status).toMatch(/^NoNewPrivs:\t1$/m);
      expect(status).toMatch(/^CapEff:\t0+$/m);
      expect(status).toMatch(/^CapBnd:\t0+$/m);
      expect(limits).toMatch(/^Max core file size +0 +0 /m);
      expect(limits).toMatch(/^Max open files +4096 +4096 /m);
      expect(limits).toMatch(/^Max processes +1024 +1024 /m);
      expect(environment.toSorted()).toEqual(['HOME', 'MALLOC_ARENA_MAX', 'PATH', 'TMPDIR']);
    } finally {
      delete process.env.TRELLIS_TEST_SECRET;
    }
  });

  test('is still another user where the machine has no setpriv', async () => {
    const bare = { ...platform, setpriv: undefined };
    const { status } = await intrude({ ...layers, noNewPrivileges: false }, {}, graphId, bare);
    expect(status).toMatch(/^Uid:\t60706\t/m);
    expect(status).toMatch(/^CapEff:\t0+$/m);
  });

  test('uses the code compiled ahead under all layers, and cannot change it', async () => {
    const compiled = join(data, 'graph-node', 'compiled');
    const { signal } = new AbortController();
    await fillCompileCache({ directory: compiled, program: intruder, uids, signal });
    const [own = ''] = await readdir(compiled);
    const [file = ''] = await readdir(join(compiled, own));
    const path = join(compiled, own, file);
    const outcome = await intrude(availableLayers(platform), { write: [path] }, graphId, platform, compiled);
    expect(outcome.compiled).toMatch(/-60706$/);
    expect(outcome.attempts[`write ${path}`]).toBe('EACCES');
  });

  test('finds the code compiled ahead for every user after each start on the same data directory', async () => {
    const compiled = join(data, 'graph-node', 'compiled');
    const { signal } = new AbortController();
    for (const start of ['first', 'second']) {
      await fillCompileCache({ directory: compiled, program: intruder, uids, signal });
      const links = (await readdir(compiled, { withFileTypes: true })).filter((entry) =>
        entry.isSymbolicLink(),
      );
      expect(links, start).toHaveLength(uidCount(uids));
    }
  });

  test('leaves a graph that is ours again, so that the next process with its user id cannot reach it', async () => {
    await intrude(layers, {});
    const path = join(data, 'graphs', graphId);
    expect((await stat(path)).uid).toBe(uids.first);
    for (const process of processes) process.kill();
    await Promise.all(processes.map(({ exited }) => exited));
    expect((await stat(path)).uid).toBe(process.getuid?.());
    expect((await stat(join(path, 'beside'))).uid).toBe(process.getuid?.());
  });

  test('of a daemon that was killed has nothing left, either', async () => {
    const directory = new GraphDirectory(data, graphId);
    await directory.giveTo(uids.first);
    await reclaimGraphs(data);
    expect((await stat(join(data, 'graphs', graphId))).uid).toBe(process.getuid?.());
  });
});

test("by Node's permission model JavaScript reaches nothing but the program, the graphs and the work directory", async () => {
  const meshKey = await secret('keys', 'mesh.json');
  const outside = join(tmpdir(), 'trellis-confined-new');
  const { attempts } = await intrude(
    { ...noLayers, permissionModel: true },
    { read: [meshKey, '/etc/passwd'], write: [meshKey, outside, intruder] },
  );
  const denied = 'ERR_ACCESS_DENIED';
  expect(attempts).toMatchObject({
    [`read ${meshKey}`]: denied,
    'read /etc/passwd': denied,
    [`write ${meshKey}`]: denied,
    [`write ${outside}`]: denied,
    [`write ${intruder}`]: denied,
    'run a program': denied,
    'own work directory': 'ok',
  });
});

describe('the layers', () => {
  const everything: Platform = {
    isRoot: true,
    isLinux: true,
    setpriv: '/bin/setpriv',
    prlimit: '/bin/prlimit',
  };
  const fine = async () => {};
  const noUser = async (layers: Layers) => {
    if (layers.user) throw new Error('may not read the program');
  };

  test('are all that the machine has and with which a process runs', async () => {
    const layers = await confineEngines({ mode: 'best', platform: everything, probe: fine, log });
    expect(Object.values(layers)).toEqual([true, true, true, true, true]);
    const ordinary = { ...everything, isRoot: false };
    expect(await confineEngines({ mode: 'best', platform: ordinary, probe: fine, log })).toEqual({
      ...layers,
      user: false,
    });
    expect(await confineEngines({ mode: 'best', platform: everything, probe: noUser, log })).toEqual({
      ...layers,
      user: false,
    });
  });

  test('that are required and are not there, or with which no process runs, stop the start', async () => {
    for (const missing of [
      { isRoot: false },
      { setpriv: undefined },
      { prlimit: undefined },
      { isLinux: false },
    ]) {
      const lesser = { ...everything, ...missing };
      const start = confineEngines({ mode: 'required', platform: lesser, probe: fine, log });
      await expect(start).rejects.toThrow(ConfinementMissingError);
    }
    const start = confineEngines({ mode: 'required', platform: everything, probe: noUser, log });
    await expect(start).rejects.toThrow(ConfinementMissingError);
    await confineEngines({ mode: 'required', platform: everything, probe: fine, log });
  });

  test('are none where none are wanted', async () => {
    expect(await confineEngines({ mode: 'none', platform: everything, probe: fine, log })).toEqual(noLayers);
  });
});
