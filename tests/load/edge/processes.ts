import { type ChildProcess, type SpawnOptions, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { processorMsOf } from '../../../services/mesh/process/processor-time.ts';
import { exitOf } from '../../support/mesh.ts';

/** The proxy under test has this core for itself; load generator and upstream share the other. */
export const proxyCore = 0;
export const loadCore = 1;

const stopTimeoutMs = 5_000;
/** Of /proc/stat, on every Linux that Node runs on. */
const microsPerTick = 10_000;

/** What runs here besides Node, with the Debian package that has it. */
const tools = { nginx: 'nginx-light', h2load: 'nghttp2-client', wrk: 'wrk', taskset: 'util-linux' };
/** Debian keeps nginx where only root looks. */
const path = `${process.env.PATH}:/usr/sbin`;

/** The tools that are not installed, with where to get them. */
export function missingTools(): string[] {
  return Object.entries(tools)
    .filter(([tool]) => spawnSync(tool, ['--version'], { env: { PATH: path } }).error)
    .map(([tool, debianPackage]) => `${tool} is missing: apt-get install ${debianPackage}`);
}

/** What runs, and the signal that ends it at the latest: nginx must hear it, or its worker would live on. */
const running = new Map<ChildProcess, NodeJS.Signals>();
process.once('exit', () => {
  for (const [child, signal] of running) child.kill(signal);
});

/** Starts a program on one core. It ends with this process at the latest. */
export function spawnOn(
  core: number,
  [program = '', ...args]: readonly string[],
  { env, stdio }: Pick<SpawnOptions, 'env' | 'stdio'>,
): ChildProcess {
  const options = { env: { ...process.env, PATH: path, ...env }, ...(stdio && { stdio }) };
  const child = spawn('taskset', ['-c', String(core), program, ...args], options);
  running.set(child, program === 'nginx' ? 'SIGTERM' : 'SIGKILL');
  child.once('exit', () => running.delete(child));
  return child;
}

/** Runs a program to its end; resolves with what it printed. Throws where it fails. */
export async function runOn(core: number, command: readonly string[]): Promise<string> {
  const child = spawnOn(core, command, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  const code = await new Promise((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}:\n${output}`);
  return output;
}

/** Starts one of the benchmark's own programs; resolves with the first message that it sends. */
export async function startProgram<T>(
  core: number,
  file: string,
  env: Readonly<Record<string, string>> = {},
  nodeOptions: readonly string[] = [],
): Promise<{ readonly child: ChildProcess; readonly message: T }> {
  const program = new URL(file, import.meta.url).pathname;
  const command = [process.execPath, ...nodeOptions, program];
  const child = spawnOn(core, command, { env, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  return new Promise((resolve, reject) => {
    child.once('message', (message) => resolve({ child, message: message as T }));
    child.once('exit', (code) => reject(new Error(`${file} ended with ${code}`)));
  });
}

/** Ends everything that this module started. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running.keys()].map(stop));
}

/** Ends a process: it is asked, and killed where it does not listen. */
export async function stop(child: ChildProcess): Promise<void> {
  child.kill('SIGTERM');
  const force = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
  await exitOf(child);
  clearTimeout(force);
}

/** CPU time that a process has used, user and system, in microseconds. */
export function cpuMicrosOf(pid: number): number {
  return processorMsOf(pid) * 1_000;
}

/** CPU time that all processes together have used of a core, in microseconds. */
export function busyMicrosOf(core: number): number {
  const [, times = ''] = new RegExp(`^cpu${core} (.*)$`, 'm').exec(readFileSync('/proc/stat', 'utf8')) ?? [];
  const [user = 0, nice = 0, system = 0, _idle, _wait, irq = 0, softIrq = 0, steal = 0] = times
    .split(' ')
    .map(Number);
  return (user + nice + system + irq + softIrq + steal) * microsPerTick;
}
