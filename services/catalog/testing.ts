import { create } from '@bufbuild/protobuf';
import { sql } from 'drizzle-orm';
import { pino } from 'pino';
import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { CatalogService } from '../../gen/trellis/graph/v1/catalog_pb.js';
import {
  type CloseGraphRequest,
  GraphNodeService,
  type OpenGraphRequest,
  PlacementService,
} from '../../gen/trellis/graph/v1/placement_pb.js';
import { RepositoryService } from '../../gen/trellis/graph/v1/repository_pb.js';
import { type Principal, PrincipalSchema } from '../../gen/trellis/iam/v1/principal_pb.js';
import { RegistryResolver } from '../mesh/discovery/registry-resolver.ts';
import { TestClock } from '../mesh/process/clock.testing.ts';
import type { CallOptions, Channel } from '../mesh/rpc/channel.ts';
import { createClient } from '../mesh/rpc/client.ts';
import { createDispatcher } from '../mesh/rpc/dispatcher.ts';
import { rpcError } from '../mesh/rpc/error.ts';
import { createInProcessChannel } from '../mesh/rpc/in-process-channel.ts';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import type { Database } from '../mesh/sql/database.ts';
import { type CatalogConfig, readCatalogConfig } from './config.ts';
import { createCatalogServer } from './server.ts';

const log = pino({ level: 'silent' });

/** A graph node that notes what it is asked and answers as the test says. */
export class FakeNode {
  readonly address: string;
  readonly opened: OpenGraphRequest[] = [];
  readonly closed: CloseGraphRequest[] = [];
  /** Answers OpenGraph; a test may replace it. */
  open = async ({ graphId, epoch }: OpenGraphRequest) => ({ endpoint: `${graphId}:${epoch}`, epoch });
  /** Runs before CloseGraph answers; a test may replace it. */
  close = async (_: CloseGraphRequest) => {};

  constructor(address: string) {
    this.address = address;
  }

  readonly service = bindService(GraphNodeService, {
    openGraph: async (request) => {
      this.opened.push(request);
      return await this.open(request);
    },
    closeGraph: async (request) => {
      this.closed.push(request);
      await this.close(request);
      return {};
    },
  });
}

/** A catalog over a database, with as many fake nodes as a test adds. */
export async function openCatalog(database: Database, settings: Partial<CatalogConfig> = {}) {
  const clock = new TestClock();
  const nodes = new Map<string, FakeNode>();
  const registry = new RegistryResolver();
  let ids = 0;
  const newId = (prefix: string) => `${prefix}_${String(++ids).padStart(20, '0')}`;
  const connect = (address: string) => {
    const node = nodes.get(address);
    return node ? channelTo([node.service]) : unreachable;
  };
  const start = async () => {
    const config = { ...readCatalogConfig({}), ...settings };
    const module = await createCatalogServer({ config, database, connect, registry, log, clock, newId });
    const channel = channelTo(module.services);
    return {
      module,
      catalog: createClient(CatalogService, channel),
      repositories: createClient(RepositoryService, channel),
      placements: createClient(PlacementService, channel),
    };
  };
  return {
    ...(await start()),
    clock,
    registry,
    /** Another process of the catalog over the same database. */
    startAnother: start,
    addNode: (address: string) => {
      const node = new FakeNode(address);
      nodes.set(address, node);
      return node;
    },
    /** The node does not answer any more. */
    cutOff: (node: FakeNode) => nodes.delete(node.address),
    reconnect: (node: FakeNode) => nodes.set(node.address, node),
  };
}

/** A report of a node without graphs. */
export function nodeReport(node: FakeNode) {
  return { nodeId: node.address, endpoint: node.address, tier: '*', slots: 10 };
}

/** The options of a call on behalf of a principal. */
export function as(principal: Partial<Principal> = {}): CallOptions {
  const { $typeName: _, ...fields } = principal;
  const whole = create(PrincipalSchema, { organizationId: 'org_1', plan: 'standard', ...fields });
  return { caller: { service: 'edge', principal: whole, assertion: '' } };
}

export async function clearCatalog({ sql: database }: Database): Promise<void> {
  await database.execute(sql`truncate catalog.graph, catalog.node`);
}

function channelTo(services: readonly BoundService[]): Channel {
  return createInProcessChannel(createDispatcher(services, log), async () => ({
    service: 'test',
    assertion: '',
  }));
}

const unreachable: Channel = {
  // biome-ignore lint/correctness/useYield: a call that fails before its first message
  async *call() {
    const cause = new Error('No connection established');
    throw rpcError(ErrorReason.UNAVAILABLE, 'the service is not reachable', { retryAfterMs: 1_000, cause });
  },
  close: async () => {},
};
