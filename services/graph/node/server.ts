import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { JWK } from 'jose';
import { randomId } from '../../mesh/id/id.ts';
import type { Logger } from '../../mesh/log/logger.ts';
import { type Clock, systemClock } from '../../mesh/process/clock.ts';
import { lockDirectory } from '../../mesh/process/directory-lock.ts';
import type { ServiceModule } from '../../mesh/process/service-module.ts';
import { writeFileOnce } from '../../mesh/process/write-file-once.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import type { GraphNodeConfig } from './config.ts';
import { Registration } from './registration.ts';
import { createRoutes } from './routes.ts';
import { EngineHost } from './supervisor/engine-host.ts';
import { Supervisor } from './supervisor/supervisor.ts';

const engineProgram = fileURLToPath(new URL('../engine/main.ts', import.meta.url));

export interface GraphNodeDeps {
  readonly config: GraphNodeConfig;
  /** Leads to the catalog's PlacementService. */
  readonly catalog: Channel;
  /** host:port at which this process serves GraphNodeService; asked for from start() on. */
  readonly address: () => string;
  /** The public key of the mesh, by which engines verify callers. */
  readonly verificationKey: JWK;
  readonly log: Logger;
  /** The engine's program, as a file path. Default: the real one. */
  readonly engineProgram?: string;
  /** Default: the machine's time. */
  readonly clock?: Clock;
}

/**
 * The daemon of a graph node. Throws DirectoryInUseError where another one has its data directory, and
 * ConfinementMissingError.
 */
export async function createGraphNodeServer(deps: GraphNodeDeps): Promise<ServiceModule> {
  const { config, catalog, address, verificationKey, log, clock = systemClock } = deps;
  const { dataDirectory, tier, slots } = config;
  const lock = await lockDirectory(join(dataDirectory, 'graphs'));
  const nodeId = config.nodeId ?? (await keptNodeId(dataDirectory));
  const host = await EngineHost.create({ config, program: deps.engineProgram ?? engineProgram, clock, log });
  const supervisor: Supervisor = new Supervisor({
    limits: config,
    tiers: config.tiers,
    dataDirectory,
    pool: host.pool,
    verificationKey,
    clock,
    log,
    onChange: () => registration.changed(),
  });
  const registration = new Registration({
    catalog,
    describe: () => ({
      nodeId,
      endpoint: address(),
      tier,
      slots,
      draining: supervisor.isDraining,
      openGraphs: supervisor.held(),
    }),
    onDelete: (graphId) => supervisor.close(graphId, true),
    clock,
    log,
  });
  return {
    name: 'graph-node',
    services: createRoutes(supervisor),
    start: async () => {
      registration.start();
      host.start();
    },
    close: async () => {
      await supervisor.drain();
      await host.close();
      await registration.leave();
      await lock.release();
    },
  };
}

async function keptNodeId(dataDirectory: string): Promise<string> {
  const path = join(dataDirectory, 'graph-node', 'id');
  await writeFileOnce(path, randomId('node'));
  return await readFile(path, 'utf8');
}
