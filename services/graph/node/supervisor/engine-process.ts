import { type ChildProcess, fork } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import type { EngineCommand, EngineConfig, EngineEvent } from '../../engine/protocol.ts';
import { createLineSplitter } from '../domain/line-splitter.ts';

const lineCharactersMax = 4_096;

/** How an engine process ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

export interface EngineProcessOptions {
  /** The program, as a file path. */
  readonly program: string;
  readonly config: EngineConfig;
  readonly clock: Clock;
  readonly log: Logger;
  /** Hears how many calls are under way, when that becomes zero or more. */
  readonly onActivity: (callsUnderWay: number) => void;
}

/** One engine process, from its start to its end. It has one graph open. */
export class EngineProcess {
  /** Resolves with host:port once it serves; rejects where it ends or gives up before. */
  readonly opened: Promise<string>;
  /** Resolves when the process is gone. Never rejects. */
  readonly exited: Promise<EngineExit>;
  readonly #child: ChildProcess;
  readonly #clock: Clock;
  #closing: Promise<void> | undefined;

  constructor({ program, config, clock, log, onActivity }: EngineProcessOptions) {
    this.#clock = clock;
    this.#child = fork(program, [], {
      cwd: config.workDirectory,
      env: engineEnvironment(config.workDirectory),
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A group of its own: Ctrl-C reaches the daemon, which closes its engines in order.
      detached: true,
    });
    const { graphId } = config;
    logLines(this.#child, log.child({ graphId, enginePid: this.#child.pid }));
    this.exited = new Promise((resolve) => {
      this.#child.once('exit', (code, signal) => resolve({ code, signal }));
      this.#child.on('error', (err) => {
        log.error({ err, graphId }, 'an engine process failed to start or to be told something');
        if (this.#child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    this.opened = new Promise((resolve, reject) => {
      this.#child.on('message', (event: EngineEvent) => {
        if (event.type === 'opened') resolve(event.endpoint);
        else if (event.type === 'failed') reject(new Error(event.message));
        else onActivity(event.callsUnderWay);
      });
      this.exited.then(({ code, signal }) =>
        reject(new Error(`the engine process ended with ${signal ?? code}`)),
      );
    });
    this.opened.catch(() => {});
    this.#send({ type: 'open', config });
  }

  /** Ends the process: asks it to close and, where it has not after this time, kills it. Resolves when it is gone. */
  close(timeoutMs: number): Promise<void> {
    this.#closing ??= this.#close(timeoutMs);
    return this.#closing;
  }

  /** Ends the process at once. */
  kill(): void {
    this.#child.kill('SIGKILL');
  }

  async #close(timeoutMs: number): Promise<void> {
    this.#send({ type: 'close' });
    const isOver = new AbortController();
    void this.exited.then(() => isOver.abort());
    await this.#clock.sleep(timeoutMs, isOver.signal);
    if (!isOver.signal.aborted) this.kill();
    await this.exited;
  }

  #send(command: EngineCommand): void {
    // A process that is gone cannot be told; `exited` says so.
    if (this.#child.connected) this.#child.send(command, () => {});
  }
}

/** Nothing of the daemon's environment but where programs are: engines run tenants' queries. */
function engineEnvironment(workDirectory: string): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return { ...(PATH === undefined ? {} : { PATH }), HOME: workDirectory, TMPDIR: workDirectory };
}

function logLines({ stdout, stderr }: ChildProcess, log: Logger): void {
  const follow = (stream: Readable | null, name: string) => {
    const splitter = createLineSplitter(lineCharactersMax, (line) =>
      log.info({ stream: name, line }, 'engine'),
    );
    stream?.setEncoding('utf8').on('data', splitter.push).on('end', splitter.end).on('error', splitter.end);
  };
  follow(stdout, 'stdout');
  follow(stderr, 'stderr');
}
