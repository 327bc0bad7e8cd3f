import { type ChildProcess, spawn } from 'node:child_process';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dataPaths } from '../../services/mesh/config/mesh-config.ts';
import { testCluster } from '../../services/mesh/sql/cluster.testing.ts';

/** The program of every process of the mesh but engines. */
export const mainPath = fileURLToPath(new URL('../../services/main.ts', import.meta.url));
const startTimeoutMs = 120_000;

/** The whole mesh in its own processes, as `npm start` runs it. */
export interface Mesh {
  /** Where clients go: `http://127.0.0.1:<port>`. */
  readonly url: string;
  readonly port: number;
  readonly dataDirectory: string;
  /** The id of its first process: control plane and edge. */
  readonly pid: number;
  /** What it wrote so far to standard error. */
  log(): string;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
  /** SIGKILL for every process of the mesh at once. */
  kill(): Promise<void>;
}

export interface MeshOptions {
  /** Default: a new one, which `removeMeshData` removes. */
  readonly dataDirectory?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** Starts a mesh on free ports and waits until it says that it is ready. */
export async function startMesh({ dataDirectory, env = {} }: MeshOptions = {}): Promise<Mesh> {
  const directory = dataDirectory ?? (await makeDataDirectory());
  const child = spawn(process.execPath, [mainPath, 'all'], {
    env: {
      ...process.env,
      TRELLIS_EDGE_PORT: '0',
      TRELLIS_ADMIN_PORT: '0',
      TRELLIS_DATA_DIR: directory,
      TRELLIS_LOG_LEVEL: 'warn',
      TRELLIS_RATELIMIT_SCALE: '1000',
      ...env,
    },
    // The channel carries nothing. It closes when this process ends, even by SIGKILL, and then the mesh ends, too.
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  let log = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const url = await readUrl(child, () => log);
  const pid = child.pid ?? 0;
  return {
    url,
    port: Number(new URL(url).port),
    dataDirectory: directory,
    pid,
    log: () => log,
    stop: async () => {
      child.kill('SIGTERM');
      return exitOf(child);
    },
    kill: async () => {
      const pids = [pid, ...descendants(pid)];
      for (const each of pids) killIfAlive(each);
      await exitOf(child);
    },
  };
}

/** A new data directory, in a test run with a database in it that is initialised and empty. */
async function makeDataDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'trellis-test-'));
  const cluster = testCluster();
  // At once: by promises it takes nine times as long.
  if (cluster) cpSync(cluster.directory, dataPaths(directory).database, { recursive: true });
  return directory;
}

/** Removes what a stopped mesh kept. */
export async function removeMeshData(mesh: Mesh): Promise<void> {
  await rm(mesh.dataDirectory, { recursive: true, force: true });
}

/** Starts a mesh that is expected not to come up; resolves with its exit code and what it wrote. */
export async function startInVain(env: Readonly<Record<string, string>>) {
  const child = spawn(process.execPath, [mainPath, 'all'], {
    env: { ...process.env, TRELLIS_LOG_LEVEL: 'warn', ...env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let log = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    log += text;
  });
  const code = await exitOf(child);
  return { code, log };
}

/** The processes below a process, by /proc: read at once, so that what is told is of one moment. */
export function descendants(pid: number): number[] {
  const children = new Map<number, number[]>();
  for (const entry of readdirSync('/proc')) {
    const stat = /^\d+$/.test(entry) ? readProcess(Number(entry), 'stat') : '';
    const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
    if (stat) children.set(parent, [...(children.get(parent) ?? []), Number(entry)]);
  }
  const found: number[] = [];
  for (let next = children.get(pid) ?? []; next.length > 0; ) {
    found.push(...next);
    next = next.flatMap((child) => children.get(child) ?? []);
  }
  return found;
}

/** The engine processes of a mesh that have a graph, or this one; not those that wait for one. */
export function enginePids(mesh: Mesh, graphId = 'kg_'): number[] {
  return descendants(mesh.pid).filter((pid) =>
    readProcess(pid, 'cmdline').includes(`/graph/engine/${graphId}`),
  );
}

/** True while a process with this id runs. */
export function isAlive(pid: number): boolean {
  const stat = readProcess(pid, 'stat');
  return stat !== '' && !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
}

/** What /proc says of a process; empty where it is gone. */
function readProcess(pid: number, file: 'stat' | 'cmdline'): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8');
  } catch {
    return '';
  }
}

/** SIGKILL; a process that is gone already is fine. */
export function killIfAlive(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

function readUrl(child: ChildProcess, log: () => string): Promise<string> {
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      child.kill('SIGKILL');
      reject(new Error(`the mesh did not start: ${why}\n${log()}`));
    };
    const timer = setTimeout(() => fail('it takes too long'), startTimeoutMs);
    let output = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      const [, url] = /ready at (http:\S+)/.exec(output) ?? [];
      if (!url) return;
      clearTimeout(timer);
      resolve(url);
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      fail(`it ended with ${code}`);
    });
  });
}

/** Waits until a process has ended; resolves with its exit code. */
export function exitOf(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}
