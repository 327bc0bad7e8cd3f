import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** How much confinement an operator wants: what there is, all or no start, nothing. */
export const confinementModes = ['best', 'required', 'none'] as const;
export type ConfinementMode = (typeof confinementModes)[number];

/** What stands between an engine process and the rest of the machine. */
export interface Layers {
  /** A user id of its own, without capabilities. */
  readonly user: boolean;
  /** No program that it starts gets more rights than it has. */
  readonly noNewPrivileges: boolean;
  /** Bounds on open files, processes and core dumps. */
  readonly limits: boolean;
  /** Where memory runs out, the kernel ends an engine before the daemon. */
  readonly killedFirst: boolean;
  /** Node's own permission model: no other programs, no worker threads, no files but its own, as far as JavaScript goes. */
  readonly permissionModel: boolean;
}

export const noLayers: Layers = {
  user: false,
  noNewPrivileges: false,
  limits: false,
  killedFirst: false,
  permissionModel: false,
};

/** What the machine has to confine with. */
export interface Platform {
  readonly isRoot: boolean;
  readonly isLinux: boolean;
  /** Paths of programs of util-linux. */
  readonly setpriv: string | undefined;
  readonly prlimit: string | undefined;
}

export function readPlatform(): Platform {
  return {
    isRoot: process.getuid?.() === 0,
    isLinux: process.platform === 'linux',
    setpriv: findProgram('setpriv'),
    prlimit: findProgram('prlimit'),
  };
}

/** The layers that a machine lets us have. */
export function availableLayers({ isRoot, isLinux, setpriv, prlimit }: Platform): Layers {
  return {
    user: isRoot,
    noNewPrivileges: isLinux && setpriv !== undefined,
    limits: isLinux && prlimit !== undefined,
    killedFirst: isLinux,
    permissionModel: true,
  };
}

/** The layers by name, for the log. */
export function namesOf(layers: Layers, wanted: boolean): readonly string[] {
  return Object.entries(layers).flatMap(([name, isThere]) => (isThere === wanted ? [name] : []));
}

function findProgram(name: string): string | undefined {
  const directories = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/bin'];
  return directories
    .filter((directory) => directory !== '')
    .map((directory) => join(directory, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
