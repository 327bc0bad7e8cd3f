import { readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { descendants, type Mesh } from '../../support/mesh.ts';
import { cpuMicrosOf } from '../edge/processes.ts';

/** The processes of a mesh by what they do. */
export interface Roles {
  readonly edge: number;
  readonly daemon: number;
  readonly engine: number;
}

/** Finds the processes of a mesh that has one graph open. */
export async function findRoles({ pid }: Mesh): Promise<Roles> {
  const found: { daemon?: number; engine?: number } = {};
  for (const each of descendants(pid)) {
    const command = await readFile(`/proc/${each}/cmdline`, 'utf8');
    if (!command.includes('/graph/engine/')) {
      if (command.includes('graph-node')) found.daemon = each;
    } else if (await hasGraphOpen(each)) {
      found.engine = each;
    }
  }
  if (!found.daemon || !found.engine) throw new Error('the mesh has not one graph open');
  return { edge: pid, daemon: found.daemon, engine: found.engine };
}

/** Spare engine processes have no graph yet. */
async function hasGraphOpen(pid: number): Promise<boolean> {
  for (const descriptor of await readdir(`/proc/${pid}/fd`)) {
    const path = await readlink(`/proc/${pid}/fd/${descriptor}`).catch(() => '');
    if (path.endsWith('/graph.kuzu')) return true;
  }
  return false;
}

/**
 * Gives the engine process the priority of this one: it has a session, and so an autogroup, of its own. Where that
 * cannot be, raisePriority has said so already.
 */
export async function sharePriority({ engine }: Roles): Promise<void> {
  const own = await readFile('/proc/self/autogroup', 'utf8').catch(() => '');
  const [, nice = '0'] = /nice (-?\d+)/.exec(own) ?? [];
  if (nice !== '0') await writeFile(`/proc/${engine}/autogroup`, nice);
}

/** CPU time used while work ran, in microseconds, by process. This process is the load generator. */
export interface CpuMicros {
  readonly edge: number;
  readonly engine: number;
  readonly daemon: number;
  readonly load: number;
}

/** Runs work and tells what CPU time each process used meanwhile. */
export async function withCpu<T>(
  roles: Roles,
  work: () => Promise<T>,
): Promise<{ result: T; cpu: CpuMicros }> {
  const before = readCpu(roles);
  const result = await work();
  const after = readCpu(roles);
  const used = (role: keyof CpuMicros) => after[role] - before[role];
  return {
    result,
    cpu: { edge: used('edge'), engine: used('engine'), daemon: used('daemon'), load: used('load') },
  };
}

/** The resident memory of a process, in MiB. */
export async function residentMib(pid: number): Promise<number> {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kib) / 1024);
}

function readCpu({ edge, engine, daemon }: Roles): CpuMicros {
  return {
    edge: cpuMicrosOf(edge),
    engine: cpuMicrosOf(engine),
    daemon: cpuMicrosOf(daemon),
    load: cpuMicrosOf(process.pid),
  };
}
