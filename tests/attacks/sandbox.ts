import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const childPath = fileURLToPath(new URL('sandbox-child.ts', import.meta.url));
/** Longer than any statement that the engine interrupts; not a measurement. */
const patienceMs = 30_000;

/** A statement as it came, and what the gate would let the engine see of it, if anything. */
export interface SandboxRequest {
  readonly original: string;
  readonly canonical: string | undefined;
}

/** What the engine says to it. Errors are its own texts. */
export interface SandboxAnswer {
  /** Why it does not take the text as it came; null where it does. */
  readonly original: string | null;
  /** The same of the canonical text. */
  readonly canonical: string | null;
  /** The same of the canonical text in a read-only transaction. */
  readonly readOnly: string | null;
}

/** The engine in a process of its own, in an empty directory, where what must never run may be tried. */
export class EngineSandbox {
  readonly directory = mkdtempSync(join(tmpdir(), 'trellis-sandbox-'));
  readonly #setup: readonly string[];
  #child: ChildProcess | undefined;

  constructor(setup: readonly string[]) {
    this.#setup = setup;
  }

  /**
   * Asks the engine about a statement; it also runs the canonical text and rolls it back. Resolves with the way in
   * which the process ended where it did not survive that, and starts another one for the next statement.
   */
  async ask(request: SandboxRequest): Promise<SandboxAnswer | { readonly ended: string }> {
    const child = this.#child ?? (await this.#start());
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        child.kill('SIGKILL');
      }, patienceMs);
      const stop = () => {
        clearTimeout(timer);
        child.off('message', onMessage).off('exit', onExit);
      };
      const onMessage = (answer: SandboxAnswer) => {
        stop();
        resolve(answer);
      };
      const onExit = (code: number | null, signal: string | null) => {
        stop();
        resolve({ ended: signal === 'SIGKILL' ? 'hangs' : (signal ?? `exit ${code}`) });
      };
      child.on('message', onMessage).on('exit', onExit);
      child.send(request);
    });
  }

  /** Names of all that came into being in its directory. */
  files(): string[] {
    return readdirSync(this.directory, { recursive: true, encoding: 'utf8' });
  }

  async close(): Promise<void> {
    const child = this.#child;
    if (child) {
      child.kill('SIGKILL');
      await once(child, 'exit');
    }
    rmSync(this.directory, { recursive: true, force: true });
  }

  async #start(): Promise<ChildProcess> {
    const env = { PATH: process.env.PATH ?? '', HOME: this.directory, TMPDIR: this.directory };
    const child = fork(childPath, [], {
      cwd: this.directory,
      env,
      execArgv: [],
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    });
    child.send(this.#setup);
    await once(child, 'message');
    this.#child = child;
    child.once('exit', () => {
      this.#child = undefined;
    });
    return child;
  }
}
