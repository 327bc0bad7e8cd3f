import type { ChildProcess } from 'node:child_process';
import type { Readable } from 'node:stream';
import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import type { EngineCommand, EngineConfig, EngineEvent, OpenFailure } from '../../engine/protocol.ts';
import { createLineSplitter } from '../domain/line-splitter.ts';
import type { GraphDirectory } from '../store/graph-directory.ts';
import { keepAsking } from './keep-asking.ts';
import type { LoadWatch } from './load-watch.ts';
import { countInFull } from './scheduling.ts';
import type { WorkDirectory } from './work-directory.ts';

const lineCharactersMax = 4_096;

/** How an engine process ended. */
export interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A graph did not open. The message is for the log alone. */
export class OpenFailed extends Error {
  override readonly name = 'OpenFailed';
  readonly failure: OpenFailure | 'ended';

  constructor(failure: OpenFailure | 'ended', message: string) {
    super(message);
    this.failure = failure;
  }
}

export interface EngineProcessOptions {
  readonly child: ChildProcess;
  /** The user that it runs as, where that is not ours. */
  readonly uid: number | undefined;
  readonly workDirectory: WorkDirectory;
  /** Watches it while it has a graph. */
  readonly loadWatch: LoadWatch;
  /** How long it may leave us without an answer once it is ready; 0: for ever. */
  readonly hangMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What to open. */
export interface OpenOptions {
  readonly config: Omit<EngineConfig, 'databasePath' | 'workDirectory'>;
  readonly directory: GraphDirectory;
  /** Hears how many calls are under way, when that becomes zero or more. */
  readonly onActivity: (callsUnderWay: number) => void;
}

/** One engine process, from its start to its end. It opens one graph at most; before, it is a spare. */
export class EngineProcess {
  /** Resolves when it has loaded all its code; rejects where it ends before. */
  readonly ready: Promise<void>;
  /** Resolves with host:port once it serves; rejects with OpenFailed where it ends or gives up before. */
  readonly opened: Promise<string>;
  /** Resolves when the process is gone and its files are ours again. Never rejects. */
  readonly exited: Promise<EngineExit>;
  readonly #options: EngineProcessOptions;
  readonly #child: ChildProcess;
  #log: Logger;
  #directory: GraphDirectory | undefined;
  #onActivity: (callsUnderWay: number) => void = () => {};
  #onSleepAnswer: ((isAsleep: boolean) => void) | undefined;
  #hasAnswered = false;
  #isOversized = false;
  #isGone = false;
  #closing: Promise<void> | undefined;

  constructor(options: EngineProcessOptions) {
    const { child, log } = options;
    this.#options = options;
    this.#child = child;
    this.#log = log.child({ enginePid: child.pid });
    logLines(child, () => this.#log);
    const ended = new Promise<EngineExit>((resolve) => {
      child.once('exit', (code, signal) => resolve({ code, signal }));
      child.on('error', (err) => {
        this.#log.error({ err }, 'an engine process failed to start or to be told something');
        if (child.pid === undefined) resolve({ code: null, signal: null });
      });
    });
    const ready = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<string>();
    this.ready = ready.promise;
    this.opened = opened.promise;
    this.exited = ended.then((exit) => this.#cleanUp(exit));
    child.on('message', (event: EngineEvent) => {
      this.#hasAnswered = true;
      if (event.type === 'ready') ready.resolve();
      else if (event.type === 'opened') opened.resolve(event.endpoint);
      else if (event.type === 'failed') opened.reject(new OpenFailed(event.cause, event.message));
      else if (event.type === 'oversized') this.#isOversized = true;
      else if (event.type === 'activity') this.#onActivity(event.callsUnderWay);
      else if (event.type !== 'pong') this.#onSleepAnswer?.(event.type === 'sleeping');
    });
    void ended.then(({ code, signal }) => {
      this.#isGone = true;
      if (child.pid !== undefined) options.loadWatch.remove(child.pid);
      const error = new OpenFailed('ended', `the engine process ended with ${signal ?? code}`);
      ready.reject(error);
      opened.reject(error);
      this.#onSleepAnswer?.(false);
    });
    this.ready.then(
      () => this.#watch(),
      () => {},
    );
    this.opened.catch(() => {});
  }

  /** True where it took more memory than it may. */
  get isOversized(): boolean {
    return this.#isOversized;
  }

  /** True until it ends. */
  get isAlive(): boolean {
    return !this.#isGone;
  }

  /** Has it open a graph, whose files become its own. Only once. */
  async open({ config, directory, onActivity }: OpenOptions): Promise<void> {
    const { uid, workDirectory, loadWatch, log } = this.#options;
    const { pid } = this.#child;
    this.#log = log.child({ graphId: config.graphId, enginePid: pid });
    this.#directory = directory;
    this.#onActivity = onActivity;
    if (pid !== undefined && !this.#isGone) {
      countInFull(pid);
      loadWatch.add(pid);
    }
    await directory.giveTo(uid);
    const { databasePath } = directory;
    this.#send({ type: 'open', config: { ...config, databasePath, workDirectory: workDirectory.path } });
  }

  /**
   * Asks it to end unless it has calls under way. True: it takes no more calls and is on its way out; false: it stays,
   * or is gone already.
   */
  sleep(): Promise<boolean> {
    const { promise, resolve } = Promise.withResolvers<boolean>();
    if (this.#isGone) return Promise.resolve(false);
    this.#onSleepAnswer = resolve;
    this.#send({ type: 'sleep' });
    return promise;
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
    await this.#options.clock.sleep(timeoutMs, isOver.signal);
    if (!isOver.signal.aborted) this.kill();
    await this.exited;
  }

  /** Kills it where it hangs: it lives, and answers nothing. */
  async #watch(): Promise<void> {
    const { clock, hangMs } = this.#options;
    if (hangMs === 0) return;
    const isOver = new AbortController();
    void this.exited.then(() => isOver.abort());
    const ask = () => {
      const hadAnswered = this.#hasAnswered;
      this.#hasAnswered = false;
      this.#send({ type: 'ping' });
      return hadAnswered;
    };
    if (await keepAsking({ ask, silenceMs: hangMs, clock, signal: isOver.signal })) return;
    this.#log.error({ hangMs }, 'an engine process does not answer any more and is killed');
    this.kill();
  }

  async #cleanUp(exit: EngineExit): Promise<EngineExit> {
    try {
      await this.#directory?.reclaim();
      await this.#options.workDirectory.remove();
    } catch (err) {
      this.#log.error({ err }, 'what an engine process left could not be cleaned up');
    }
    return exit;
  }

  #send(command: EngineCommand): void {
    // A process that is gone cannot be told; `exited` says so.
    if (this.#child.connected) this.#child.send(command, () => {});
  }
}

function logLines({ stdout, stderr }: ChildProcess, log: () => Logger): void {
  const follow = (stream: Readable | null, name: string) => {
    const splitter = createLineSplitter(lineCharactersMax, (line) =>
      log().info({ stream: name, line }, 'engine'),
    );
    stream?.setEncoding('utf8').on('data', splitter.push).on('end', splitter.end).on('error', splitter.end);
  };
  follow(stdout, 'stdout');
  follow(stderr, 'stderr');
}
