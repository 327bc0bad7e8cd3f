import { dataPaths, type MeshConfig } from '../config/mesh-config.ts';
import { RegistryResolver } from '../discovery/registry-resolver.ts';
import type { Resolver } from '../discovery/resolver.ts';
import { createStaticResolver } from '../discovery/static-resolver.ts';
import { assertionLifetimeMs, createSigner, type Signer } from '../identity/assertion.ts';
import { loadMeshKey, type MeshKey } from '../identity/mesh-key.ts';
import { createLogger, type Logger } from '../log/logger.ts';
import type { Channel } from '../rpc/channel.ts';
import { type ChannelPool, createChannelPool } from '../rpc/channel-pool.ts';
import { createDispatcher, type Dispatcher } from '../rpc/dispatcher.ts';
import { createGrpcChannel } from '../rpc/grpc-channel.ts';
import { createInProcessChannel } from '../rpc/in-process-channel.ts';
import { createMeshChannel } from '../rpc/mesh-channel.ts';
import { createSelfAssertion } from '../rpc/outgoing-call.ts';
import { type Database, openPglite, openPostgres } from '../sql/database.ts';
import type { ServiceModule } from './service-module.ts';
import { Shutdown } from './shutdown.ts';

/** What every process of the mesh has, whatever services it hosts. */
export interface MeshProcess {
  readonly config: MeshConfig;
  readonly log: Logger;
  readonly key: MeshKey;
  readonly sign: Signer;
  readonly registry: RegistryResolver;
  readonly resolver: Resolver;
  readonly pool: ChannelPool;
  /** The way to every service of the mesh. Services hosted here are called without a socket. */
  readonly channel: Channel;
  /** The way to the services hosted here, and which methods they have. */
  readonly local: Channel & { has(path: string): boolean };
  /** Who this process is, for calls that nobody else is behind. */
  readonly self: () => ReturnType<Signer>;
  readonly shutdown: Shutdown;
  /** Hosts services: from now on the channel finds them here. */
  host(modules: readonly ServiceModule[]): void;
}

/** Sets a process up under its name in the mesh, such as `edge`. */
export async function createMeshProcess(name: string, config: MeshConfig): Promise<MeshProcess> {
  const log = createLogger(name, config.logLevel);
  const key = config.meshKey ?? (await loadMeshKey(dataPaths(config.dataDirectory).meshKey));
  const sign = await createSigner(name, key.privateKey);
  const self = createSelfAssertion(sign, assertionLifetimeMs / 2);
  const registry = new RegistryResolver();
  const resolver = config.discovery === 'static' ? createStaticResolver(config.endpoints) : registry;
  const pool = createChannelPool((address) => createGrpcChannel(address, self));
  const shutdown = new Shutdown(log);
  shutdown.add('channels', () => pool.close());
  let dispatcher: Dispatcher | undefined;
  let inProcess: Channel | undefined;
  const local: Channel & { has(path: string): boolean } = {
    has: (path) => dispatcher?.find(path) !== undefined,
    call: (...args) => {
      if (!inProcess) throw new Error('no service is hosted here');
      return inProcess.call(...args);
    },
    close: async () => {},
  };
  return {
    config,
    log,
    key,
    sign,
    registry,
    resolver,
    pool,
    local,
    self,
    channel: createMeshChannel({ local: { channel: local, has: local.has }, resolver, pool }),
    shutdown,
    host: (modules) => {
      dispatcher = createDispatcher(
        modules.flatMap((module) => module.services),
        log,
      );
      inProcess = createInProcessChannel(dispatcher, self);
    },
  };
}

/** Opens the database that the settings name; the shutdown closes it. */
export async function openProcessDatabase({ config, log, shutdown }: MeshProcess): Promise<Database> {
  const database = config.databaseUrl
    ? await openPostgres(config.databaseUrl, (err) => log.warn({ err }, 'a database connection broke'))
    : await openPglite(dataPaths(config.dataDirectory).database);
  shutdown.add('database', () => database.close());
  return database;
}
