import { type IdGenerator, randomId } from '../mesh/id/id.ts';
import type { Logger } from '../mesh/log/logger.ts';
import { type Clock, systemClock } from '../mesh/process/clock.ts';
import type { ServiceModule } from '../mesh/process/service-module.ts';
import type { Channel } from '../mesh/rpc/channel.ts';
import type { Database } from '../mesh/sql/database.ts';
import { migrateDatabase } from '../mesh/sql/migrate.ts';
import type { CatalogConfig } from './config.ts';
import { GraphCreator } from './placement/graph-creator.ts';
import { GraphOpener } from './placement/graph-opener.ts';
import { GraphRemover } from './placement/graph-remover.ts';
import { PlacementView } from './placement/placement-view.ts';
import { Upkeep } from './placement/upkeep.ts';
import { createRoutes } from './routes.ts';
import type { NodeRegistry } from './rpc/register-node.ts';
import { SqlGraphStore } from './store/graph-store.ts';
import { SqlNodeStore } from './store/node-store.ts';

const migrations = { schema: 'catalog', folder: new URL('./store/migrations', import.meta.url) };

/** Between two looks at the leases. */
const leaseCheckMs = 1_000;

export interface CatalogDeps {
  readonly config: CatalogConfig;
  readonly database: Database;
  /** The channel to an address, such as that of a graph node. */
  readonly connect: (address: string) => Channel;
  readonly registry: NodeRegistry;
  readonly log: Logger;
  /** Default: the machine's time. */
  readonly clock?: Clock;
  /** Default: random ids. */
  readonly newId?: IdGenerator;
}

/** The catalog: its tables are up to date and its view of the placements is whole when this resolves. */
export async function createCatalogServer(deps: CatalogDeps): Promise<ServiceModule> {
  const { config, database, connect, registry, log, clock = systemClock, newId = randomId } = deps;
  await migrateDatabase(database, migrations);
  const graphs = new SqlGraphStore(database.sql);
  const nodes = new SqlNodeStore(database.sql);
  const view = new PlacementView();
  await nodes.extendLeases(new Date(clock.now() + config.leaseMs));
  await view.resync(() => graphs.all());
  const opener = new GraphOpener({ store: graphs, view, connect, ...config });
  const remover = new GraphRemover({ store: graphs, view, connect, log, ...config });
  const creator = new GraphCreator({ graphs, view, opener, remover, newId, clock });
  // Within this a creation has either ended or been cut off: its time on the node, twice for good measure.
  const creationMaxMs = 2 * config.openTimeoutMs;
  const upkeepOptions = { graphs, nodes, view, remover, clock, log, leaseCheckMs, creationMaxMs };
  const upkeep = new Upkeep({ ...upkeepOptions, resyncMs: config.resyncMs });
  return {
    name: 'catalog',
    services: createRoutes({ graphs, nodes, view, opener, creator, remover, registry, clock, ...config }),
    start: async () => upkeep.start(),
    close: () => upkeep.close(),
  };
}
