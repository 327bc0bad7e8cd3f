import type { Layers, Platform } from './confinement.ts';

/** Sockets of callers, the database's files, uploads. */
const openFilesMax = 4_096;

/** Threads count as processes. An engine has some 25 on two cores, and as many more as there are cores. */
const processesMax = 1_024;

export interface EngineCommandOptions {
  readonly layers: Layers;
  readonly platform: Platform;
  /** The program to run, as a file path, and what it is told. */
  readonly program: string;
  readonly parameters?: readonly string[];
  /** The user and group to run it as, where that layer is there. */
  readonly uid: number | undefined;
  readonly heapMib: number;
  /** What JavaScript may read beside what it may write. */
  readonly readable: readonly string[];
  readonly writable: readonly string[];
}

/** What to start, and as whom where no program of the command sees to that. */
export interface StartCommand {
  readonly file: string;
  readonly args: readonly string[];
  readonly uid: number | undefined;
}

/**
 * The command that starts an engine process: each program sets its layer and becomes the next one, so that process id
 * and IPC channel are those of the engine.
 */
export function engineCommand(options: EngineCommandOptions): StartCommand {
  const { layers, platform, program, parameters = [], uid } = options;
  const chain: string[] = [];
  if (layers.limits && platform.prlimit) {
    chain.push(platform.prlimit, '--core=0:0', `--nofile=${openFilesMax}:${openFilesMax}`);
    // Counted by user: only where the user is the engine's own.
    if (uid !== undefined) chain.push(`--nproc=${processesMax}:${processesMax}`);
    chain.push('--');
  }
  const isUserSet = uid !== undefined && layers.noNewPrivileges && platform.setpriv !== undefined;
  if (layers.noNewPrivileges && platform.setpriv) {
    chain.push(platform.setpriv, '--no-new-privs');
    if (uid !== undefined) {
      chain.push(
        `--reuid=${uid}`,
        `--regid=${uid}`,
        '--clear-groups',
        '--bounding-set=-all',
        '--inh-caps=-all',
      );
    }
    chain.push('--');
  }
  chain.push(process.execPath, `--max-old-space-size=${options.heapMib}`);
  if (layers.permissionModel) chain.push(...permissionFlags(options));
  const [file = process.execPath, ...args] = [...chain, program, ...parameters];
  return { file, args, uid: isUserSet ? undefined : uid };
}

/** The database is opened by an addon, which the model does not watch; what JavaScript does is within it. */
function permissionFlags({ readable, writable }: EngineCommandOptions): readonly string[] {
  return [
    '--permission',
    '--allow-addons',
    '--disable-warning=PERM0001',
    ...[...readable, ...writable].map((path) => `--allow-fs-read=${path}`),
    ...writable.map((path) => `--allow-fs-write=${path}`),
  ];
}
