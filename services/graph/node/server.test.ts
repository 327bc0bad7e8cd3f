import { existsSync } from 'node:fs';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphNodeService,
  PlacementService,
  type RegisterNodeRequest,
} from '../../../gen/trellis/graph/v1/placement_pb.js';
import { TestClock } from '../../mesh/process/clock.testing.ts';
import type { ServiceModule } from '../../mesh/process/service-module.ts';
import type { Channel } from '../../mesh/rpc/channel.ts';
import { type Client, createClient } from '../../mesh/rpc/client.ts';
import { createDispatcher } from '../../mesh/rpc/dispatcher.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { createInProcessChannel } from '../../mesh/rpc/in-process-channel.ts';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';
import { readGraphNodeConfig } from './config.ts';
import { createGraphNodeServer } from './server.ts';
import { FakeGraphs, fakeEngineProgram, isAlive, pidOf } from './testing/fake-graphs.ts';

const log = pino({ level: 'silent' });
const leaseMs = 9_000;
const verificationKey = { kty: 'OKP', crv: 'Ed25519', x: 'public' };
const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });

let graphs: FakeGraphs;
let clock: TestClock;
let node: ServiceModule;
let client: Client<typeof GraphNodeService>;
/** The reports that the catalog took. */
let reports: RegisterNodeRequest[];
let deleteGraphIds: string[];
let isCatalogAway: boolean;

beforeEach(async () => {
  graphs = await FakeGraphs.create();
  clock = new TestClock();
  reports = [];
  deleteGraphIds = [];
  isCatalogAway = false;
  node = await start();
  client = createClient(GraphNodeService, channelTo(node.services));
});
afterEach(async () => {
  await node.close();
  await graphs.expectNoneAlive();
});

function start(): Promise<ServiceModule> {
  const env = {
    TRELLIS_DATA_DIR: graphs.dataDirectory,
    TRELLIS_GRAPH_NODE_SLOTS: '2',
    TRELLIS_GRAPH_NODE_TIER: 'standard',
    TRELLIS_GRAPH_NODE_SLOT_WAIT_MS: '7000',
    TRELLIS_GRAPH_NODE_SPARES: '0',
    TRELLIS_GRAPH_NODE_CONFINEMENT: 'none',
  };
  return createGraphNodeServer({
    config: readGraphNodeConfig(env),
    catalog: channelTo([catalog]),
    address: () => 'node:1',
    verificationKey,
    log,
    engineProgram: fakeEngineProgram,
    clock,
  });
}

const catalog = bindService(PlacementService, {
  registerNode: async (request) => {
    if (isCatalogAway) throw rpcError(ErrorReason.UNAVAILABLE, 'away');
    reports.push(request);
    return { lease: { seconds: BigInt(leaseMs / 1000), nanos: 0 }, deleteGraphIds };
  },
  resolvePlacement: async () => ({}),
  watchPlacements: async function* () {},
});

function channelTo(services: readonly BoundService[]): Channel {
  return createInProcessChannel(createDispatcher(services, log), async () => ({
    service: 'test',
    assertion: '',
  }));
}

describe('GraphNodeService', () => {
  test('OpenGraph answers with endpoint and epoch, CloseGraph ends the process and deletes where asked', async () => {
    const graph = graphs.graph(1, 3n);
    const opening = await client.openGraph(graph);
    expect(opening.epoch).toBe(3n);
    expect(isAlive(pidOf(opening))).toBe(true);
    await client.closeGraph({ graphId: graph.graphId });
    expect(isAlive(pidOf(opening))).toBe(false);
    expect(existsSync(graphs.directory(graph.graphId))).toBe(true);
    await client.closeGraph({ graphId: graph.graphId, delete: true });
    expect(existsSync(graphs.directory(graph.graphId))).toBe(false);
    await client.closeGraph({ graphId: graph.graphId, delete: true });
  });

  test('OpenGraph answers NO_CAPACITY where every slot serves calls for too long', async () => {
    for (const graph of [graphs.graph(1), graphs.graph(2)]) {
      await graphs.script(graph.graphId, { isBusy: true });
      await client.openGraph(graph);
    }
    const opening = client.openGraph(graphs.graph(3)).catch((error: unknown) => error);
    await clock.sleeper(7_000);
    clock.advance(7_000);
    expect(await opening).toMatchObject(reason('NO_CAPACITY'));
  });

  test('OpenGraph ends when its caller gives up; the opening goes on', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { failures: 2 });
    const caller = new AbortController();
    const opening = client.openGraph(graph, { signal: caller.signal }).catch((error: unknown) => error);
    await clock.sleeper(50);
    caller.abort();
    expect(await opening).toMatchObject(reason('CANCELLED'));
    clock.advance(50);
    expect(await client.openGraph(graph)).toMatchObject({ epoch: 3n });
  });

  test('OpenGraph answers UNAVAILABLE where the graph keeps failing to open', async () => {
    const graph = graphs.graph(1);
    await graphs.script(graph.graphId, { onOpen: 'fail' });
    const opening = client.openGraph(graph).catch((error: unknown) => error);
    for (const delayMs of [50, 100, 200, 400, 800, 1_000]) {
      await clock.sleeper(delayMs);
      clock.advance(delayMs);
    }
    expect(await opening).toMatchObject({ ...reason('UNAVAILABLE'), retryAfterMs: 30_000 });
  });
});

describe('registration', () => {
  test('says at start what the node is, under an id that outlives the daemon', async () => {
    await node.start();
    await expect.poll(() => reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ endpoint: 'node:1', tier: 'standard', slots: 2, draining: false });
    expect(reports[0]?.nodeId).toMatch(/^node_[a-z0-9]{20}$/);
    await node.close();
    node = await start();
    await node.start();
    await expect.poll(() => reports).toHaveLength(3);
    expect(reports[2]?.nodeId).toBe(reports[0]?.nodeId);
  });

  test('comes again after a third of the lease, and at once on every change', async () => {
    await node.start();
    await clock.sleeper(3_000);
    clock.advance(3_000);
    await expect.poll(() => reports).toHaveLength(2);
    const { graphId, ...rest } = graphs.graph(1);
    const { endpoint } = await client.openGraph({ graphId, ...rest });
    await expect.poll(() => reports.at(-1)?.openGraphs).toMatchObject([{ graphId, endpoint, epoch: 1n }]);
    process.kill(pidOf({ endpoint }), 'SIGKILL');
    await expect
      .poll(() => reports.flatMap(({ openGraphs }) => openGraphs))
      .toContainEqual(expect.objectContaining({ graphId, endpoint: '', epoch: 2n }));
    await client.closeGraph({ graphId });
    await expect.poll(() => reports.at(-1)?.openGraphs).toEqual([]);
  });

  test('keeps trying with a back-off while the catalog is away, and graphs are served meanwhile', async () => {
    isCatalogAway = true;
    await node.start();
    await clock.sleeper(100);
    const { graphId, ...rest } = graphs.graph(1);
    const { endpoint } = await client.openGraph({ graphId, ...rest });
    clock.advance(100);
    await clock.sleeper(200);
    expect(isAlive(pidOf({ endpoint }))).toBe(true);
    isCatalogAway = false;
    clock.advance(200);
    await expect.poll(() => reports.at(-1)?.openGraphs).toMatchObject([{ graphId, endpoint }]);
  });

  test('closes and deletes the graphs that the catalog names, open or not', async () => {
    const [open, closed] = [graphs.graph(1), graphs.graph(2)];
    const openings = [await client.openGraph(open), await client.openGraph(closed)];
    await client.closeGraph({ graphId: closed.graphId });
    deleteGraphIds = [open.graphId, closed.graphId];
    await node.start();
    for (const { graphId } of [open, closed])
      await expect.poll(() => existsSync(graphs.directory(graphId))).toBe(false);
    expect(openings.map(pidOf).map(isAlive)).toEqual([false, false]);
  });

  test('ends with a last report that nothing is held any more, when every process is gone', async () => {
    await node.start();
    const opening = await client.openGraph(graphs.graph(1));
    await node.close();
    expect(reports.at(-1)).toMatchObject({ draining: true, openGraphs: [] });
    expect(isAlive(pidOf(opening))).toBe(false);
  });

  test('does not hold up the end where the catalog is away', async () => {
    isCatalogAway = true;
    await node.start();
    await clock.sleeper(100);
    await node.close();
    expect(reports).toEqual([]);
  });
});

test('of two daemons with one data directory the second does not start', async () => {
  await expect(start()).rejects.toThrow('in use by another process');
});

test.each([
  ['TRELLIS_GRAPH_NODE_TIER', 'gold'],
  ['TRELLIS_GRAPH_NODE_SLOTS', '0'],
  ['TRELLIS_GRAPH_NODE_OPEN_TIMEOUT_MS', 'soon'],
  ['TRELLIS_GRAPH_NODE_CONFINEMENT', 'some'],
  ['TRELLIS_GRAPH_NODE_ENGINE_UIDS', '0-1000'],
  ['TRELLIS_GRAPH_NODE_ENGINE_UIDS', '60000-60010'],
])('a bad %s stops the start and is named', (name, value) => {
  expect(() => readGraphNodeConfig({ [name]: value })).toThrow(name);
});

test.each([
  [{}, 10],
  [{ TRELLIS_ENVIRONMENT: 'production', TRELLIS_GRAPH_NODE_TIER: 'standard' }, 10],
  [{ TRELLIS_ENVIRONMENT: 'production', TRELLIS_GRAPH_NODE_TIER: 'premium' }, 1],
  [{ TRELLIS_ENVIRONMENT: 'production', TRELLIS_GRAPH_NODE_TIER: 'shared' }, 3],
  [{ TRELLIS_ENVIRONMENT: 'production' }, 1],
  [{ TRELLIS_ENVIRONMENT: 'production', TRELLIS_GRAPH_NODE_SLOTS: '4' }, 4],
])('the slots of %j are %i: those of the tier unless they are set', (env, slots) => {
  expect(readGraphNodeConfig(env).slots).toBe(slots);
});

test('a node of a tier that the environment does not offer does not start', () => {
  const env = { TRELLIS_ENVIRONMENT: 'staging', TRELLIS_GRAPH_NODE_TIER: 'premium' };
  expect(() => readGraphNodeConfig(env)).toThrow('must be one of *, standard, shared');
});
