import { spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import { mendKuzu } from '../../engine/kuzu/mend/mend-kuzu.ts';
import type { Layers, Platform } from '../confinement/confinement.ts';
import { engineCommand } from '../confinement/engine-command.ts';
import type { EngineUids } from '../confinement/engine-uids.ts';
import { EngineProcess } from './engine-process.ts';
import { LoadWatch } from './load-watch.ts';
import { yieldToOthers } from './scheduling.ts';
import { WorkDirectory } from './work-directory.ts';

/**
 * Heaps of the C library that an engine's threads share. With the default, eight per core, a statement that takes
 * 320 MiB left as much behind each time it ran, and long statements cost a tenth to a sixth more processor time.
 */
const mallocArenas = 2;

/** The kernel ends a process with a greater one before others, out of 1,000. */
const killedFirstScore = '500';

export interface EngineLauncherOptions {
  /** The engine's program, as a file path. */
  readonly program: string;
  readonly parameters?: readonly string[];
  readonly dataDirectory: string;
  readonly layers: Layers;
  readonly platform: Platform;
  /** The users to run engines as, where that layer is there. */
  readonly uids: EngineUids;
  readonly heapMib: number;
  /** What engines may read beside their graphs: their program. */
  readonly readable: readonly string[];
  /** Code compiled before; undefined: none. */
  readonly compileCache?: string | undefined;
  readonly hangMs: number;
  readonly clock: Clock;
  readonly log: Logger;
}

/** Starts engine processes, each with a work directory of its own and confined as far as can be. */
export class EngineLauncher {
  readonly #options: EngineLauncherOptions;
  readonly #loadWatch = new LoadWatch();

  /** Throws EngineNotMendableError. */
  constructor(options: EngineLauncherOptions) {
    this.#options = options;
    // The processes may not write where it is made.
    mendKuzu();
  }

  /** Starts a process that waits to be told what to open; until then it gives way to those that serve. */
  async start(): Promise<EngineProcess> {
    const { dataDirectory, layers, uids, hangMs, clock, log } = this.#options;
    const uid = layers.user ? uids.take() : undefined;
    const workDirectory = new WorkDirectory(dataDirectory);
    try {
      await workDirectory.make(uid);
      const child = this.#spawn(workDirectory.path, uid);
      if (child.pid !== undefined) yieldToOthers(child.pid);
      const process = new EngineProcess({
        child,
        uid,
        workDirectory,
        loadWatch: this.#loadWatch,
        hangMs,
        clock,
        log,
      });
      void process.exited.then(() => {
        if (uid !== undefined) uids.free(uid);
      });
      if (layers.killedFirst && child.pid !== undefined) await this.#markKilledFirst(child.pid);
      return process;
    } catch (error) {
      await workDirectory.remove();
      if (uid !== undefined) uids.free(uid);
      throw error;
    }
  }

  #spawn(workDirectory: string, uid: number | undefined) {
    const { program, parameters, dataDirectory, layers, platform, heapMib, readable, compileCache } =
      this.#options;
    const command = engineCommand({
      layers,
      platform,
      program,
      parameters: parameters ?? [],
      uid,
      heapMib,
      readable,
      writable: [
        `${workDirectory}/`,
        // Which graph it will be is not known yet; its user reaches no other.
        `${dataDirectory}/graphs/`,
        // Node reads no cache that its permission model does not let it write. Its user may only read.
        ...(compileCache ? [`${compileCache}/`] : []),
      ],
    });
    return spawn(command.file, command.args, {
      cwd: workDirectory,
      env: engineEnvironment(workDirectory, compileCache),
      serialization: 'advanced',
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A session of its own: Ctrl-C reaches the daemon, which closes its engines in order.
      detached: true,
      ...(command.uid === undefined ? {} : { uid: command.uid, gid: command.uid }),
    });
  }

  /** A process that ended by now needs none. */
  async #markKilledFirst(pid: number): Promise<void> {
    await writeFile(`/proc/${pid}/oom_score_adj`, killedFirstScore).catch((err: unknown) =>
      this.#options.log.debug({ err, pid }, 'an engine process could not be marked to be killed first'),
    );
  }
}

/** Nothing of the daemon's environment but where programs are: engines run tenants' queries. */
function engineEnvironment(workDirectory: string, compileCache: string | undefined): NodeJS.ProcessEnv {
  const { PATH } = process.env;
  return {
    ...(PATH === undefined ? {} : { PATH }),
    HOME: workDirectory,
    TMPDIR: workDirectory,
    MALLOC_ARENA_MAX: String(mallocArenas),
    ...(compileCache ? { NODE_COMPILE_CACHE: compileCache } : {}),
  };
}
