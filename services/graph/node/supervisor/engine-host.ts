import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../../../mesh/log/logger.ts';
import type { Clock } from '../../../mesh/process/clock.ts';
import type { GraphNodeConfig } from '../config.ts';
import { fillCompileCache } from '../confinement/compile-cache.ts';
import { confineEngines } from '../confinement/confine-engines.ts';
import { type Layers, readPlatform } from '../confinement/confinement.ts';
import { EngineUids } from '../confinement/engine-uids.ts';
import { reclaimGraphs } from '../store/graph-directory.ts';
import { EngineLauncher, type EngineLauncherOptions } from './engine-launcher.ts';
import { SparePool } from './spare-pool.ts';
import { emptyWorkRoot, letPass } from './work-directory.ts';

const probeProgram = fileURLToPath(new URL('../confinement/probe-program.ts', import.meta.url));
const probeTimeoutMs = 30_000;

/** What an engine's program is made of. */
const programParts = ['services', 'gen', 'node_modules', 'package.json'].map((name) =>
  fileURLToPath(new URL(`../../../../${name}`, import.meta.url)),
);

/** What an engine loads with the first import, and the first request that is not plainly valid. */
const loadedLater = ['../../rpc/import-table.ts', '../../../mesh/rpc/full-validation.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

export interface EngineHostOptions {
  readonly config: GraphNodeConfig;
  /** The engine's program, as a file path. */
  readonly program: string;
  readonly clock: Clock;
  readonly log: Logger;
}

/** What this machine is to engine processes: their confinement, their compiled code, and those that wait. */
export class EngineHost {
  readonly pool: SparePool;
  readonly #options: EngineHostOptions;
  readonly #layers: Layers;
  readonly #closing = new AbortController();
  #starting: Promise<void> = Promise.resolve();

  private constructor(options: EngineHostOptions, layers: Layers, launcher: EngineLauncher) {
    const { config, clock, log } = options;
    this.#options = options;
    this.#layers = layers;
    this.pool = new SparePool({ spares: config.spares, launcher, clock, log });
  }

  /** Throws ConfinementMissingError. */
  static async create(options: EngineHostOptions): Promise<EngineHost> {
    const { config, program, clock, log } = options;
    const { dataDirectory, confinement: mode, engineUids, heapMib, hangMs } = config;
    const platform = readPlatform();
    await emptyWorkRoot(dataDirectory);
    await reclaimGraphs(dataDirectory);
    const common: Omit<EngineLauncherOptions, 'layers'> = {
      program,
      dataDirectory,
      platform,
      uids: new EngineUids(engineUids),
      heapMib,
      readable: programParts.flatMap((path) => [path, `${path}/`]),
      hangMs,
      clock,
      log,
    };
    const probe = async (layers: Layers) => {
      if (layers.user) await letPass(dataDirectory);
      await runProbe(new EngineLauncher({ ...common, layers, program: probeProgram, parameters: [program] }));
    };
    const layers = await confineEngines({ mode, platform, probe, log });
    const compileCache = compileCachePath(dataDirectory);
    return new EngineHost(options, layers, new EngineLauncher({ ...common, layers, compileCache }));
  }

  /** Compiles the engine's code ahead and begins to keep spares. */
  start(): void {
    this.#starting = this.#start();
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await this.#starting;
    await this.pool.close();
  }

  async #start(): Promise<void> {
    const { config, program, log } = this.#options;
    if (config.spares === 0) return;
    try {
      await fillCompileCache({
        directory: compileCachePath(config.dataDirectory),
        program,
        loadedLater,
        uids: this.#layers.user ? config.engineUids : undefined,
        signal: this.#closing.signal,
      });
    } catch (err) {
      if (!this.#closing.signal.aborted) log.warn({ err }, 'the code of engines is not compiled ahead');
    }
    this.pool.fill();
  }
}

async function runProbe(launcher: EngineLauncher): Promise<void> {
  const probe = await launcher.start();
  const timer = setTimeout(() => probe.kill(), probeTimeoutMs);
  try {
    await probe.ready;
  } finally {
    clearTimeout(timer);
    probe.kill();
    await probe.exited;
  }
}

function compileCachePath(dataDirectory: string): string {
  return join(dataDirectory, 'graph-node', 'compiled');
}
