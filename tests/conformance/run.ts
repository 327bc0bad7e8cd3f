import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { type Outcome, parseOutcome } from './outcome.ts';
import { programPath, suiteDirectory } from './suite.ts';

/** Which side of a call the edge stands for: the server towards clients, or the client towards upstreams. */
export type Mode = 'server' | 'client';

export interface Run {
  readonly mode: Mode;
  /** Names the log. */
  readonly name: string;
  /** What the suite starts as its server or client under test. */
  readonly command: readonly string[];
  /** Further options of `connectconformance`. */
  readonly options: readonly string[];
}

export interface RunResult {
  /** True if the suite is content: nothing failed unexpectedly and no case known to fail passed. */
  readonly ok: boolean;
  /** Undefined if the suite gave up or was ended for taking too long. */
  readonly outcome: Outcome | undefined;
  readonly log: string;
  readonly logPath: string;
}

const runTimeoutMs = 900_000;
/** The suite gives a server ten seconds to start, which many that start at once on few cores may not keep. */
const serversMax = 2;

/** Runs the suite once. When it ends, by itself or not, nothing that it started is left. */
export async function runSuite({ mode, name, command, options }: Run): Promise<RunResult> {
  const configPath = join(import.meta.dirname, `${mode}-config.yaml`);
  const logPath = join(suiteDirectory, `${name}.log`);
  const file = createWriteStream(logPath);
  const limits = ['--max-servers', String(serversMax), '--verbose'];
  const args = ['--mode', mode, '--conf', configPath, ...limits, ...options, '--', ...command];
  // A process group of its own: the suite does not end its children when it is ended itself.
  const suite = spawn(programPath('connectconformance'), args, {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const endAll = () => endGroup(suite);
  const timer = setTimeout(endAll, runTimeoutMs);
  process.once('exit', endAll);
  suite.stdout.pipe(file, { end: false });
  suite.stderr.pipe(file, { end: false });
  const code = await new Promise((resolve, reject) => suite.once('exit', resolve).once('error', reject));
  endAll();
  process.off('exit', endAll);
  clearTimeout(timer);
  await Promise.all([finished(suite.stdout), finished(suite.stderr)]);
  await finished(file.end());
  const log = await readFile(logPath, 'utf8');
  const outcome = parseOutcome(log);
  return { ok: code === 0 && outcome !== undefined, outcome, log, logPath };
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch (error) {
    // Nothing of it is left, as it should be.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
