import { type ChildProcess, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

const running = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

export interface ProgramOptions {
  readonly input?: string | Uint8Array;
  readonly env?: Readonly<Record<string, string>>;
  readonly directory?: string;
  /** Default 90 s; then it is killed. */
  readonly timeoutMs?: number;
}

/** How a program ended. */
export interface ProgramEnd {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs a program to its end. */
export async function runProgram(path: string, args: readonly string[], options: ProgramOptions = {}) {
  const { child, end } = startProgram(path, args, options);
  const chunks: Buffer[] = [];
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk));
  const { code, stderr } = await end;
  return { code, stdout: Buffer.concat(chunks), stderr } satisfies ProgramEnd;
}

/** Runs a program that has to succeed; resolves with what it printed. */
export async function runOk(path: string, args: readonly string[], options: ProgramOptions = {}) {
  const { code, stdout, stderr } = await runProgram(path, args, options);
  if (code !== 0) throw new Error(`${path} ended with ${code}\n${stderr}\n${stdout.subarray(0, 4096)}`);
  return stdout;
}

/** Runs a client's program: an assignment goes in, one JSON object comes out. */
export async function runClient(
  path: string,
  args: readonly string[],
  assignment: object,
  options: ProgramOptions = {},
): Promise<unknown> {
  const stdout = await runOk(path, args, { ...options, input: JSON.stringify(assignment) });
  return JSON.parse(stdout.toString());
}

/** Runs a program until it has printed so many lines, then interrupts it; resolves with those lines. */
export async function runForLines(
  path: string,
  args: readonly string[],
  count: number,
  options: ProgramOptions = {},
): Promise<string[]> {
  const { child, end } = startProgram(path, args, options);
  const lines: string[] = [];
  if (!child.stdout) throw new Error('the program has no output');
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    if (lines.length === count) child.kill('SIGINT');
  }
  const { stderr } = await end;
  if (lines.length < count) throw new Error(`${path} ended after ${lines.length} lines\n${stderr}`);
  return lines.slice(0, count);
}

/** Starts a program that ends by itself, or when its time is over. */
export function startProgram(path: string, args: readonly string[], options: ProgramOptions = {}) {
  const { input, env = {}, directory, timeoutMs = 90_000 } = options;
  const child = spawn(path, args, {
    cwd: directory,
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    timeout: timeoutMs,
    killSignal: 'SIGKILL',
  });
  running.add(child);
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  // A program that ends before it has read everything says why by itself.
  child.stdin.on('error', () => {});
  child.stdin.end(input);
  const end = new Promise<{ code: number | null; stderr: string }>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      running.delete(child);
      resolve({ code, stderr });
    });
  });
  return { child, end };
}
