import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import type { Placement, WatchPlacementsResponse } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { as, clearCatalog, type FakeNode, nodeReport, openCatalog } from '../testing.ts';

const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });
const leaseMs = 10_000;

describe.each(testDatabases)('PlacementService on $name', ({ open }) => {
  let database: Database;
  let mesh: Awaited<ReturnType<typeof openCatalog>>;
  let node: FakeNode;
  let graphId: string;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    mesh = await openCatalog(database, { watchPendingMax: 3 });
    node = mesh.addNode('node-1:1');
    await mesh.placements.registerNode(nodeReport(node));
    graphId = await createGraph();
  });
  afterEach(async () => {
    await mesh.module.close();
    await clearCatalog(database);
  });

  const createGraph = async () => {
    const { graph } = await mesh.catalog.createGraph({ displayName: 'x' }, as({ plan: 'premium' }));
    return graph?.graphId ?? '';
  };
  const report = (endpoint: string | undefined, epoch = 1n) =>
    mesh.placements.registerNode({
      ...nodeReport(node),
      openGraphs: endpoint === undefined ? [] : [{ graphId, endpoint, epoch }],
    });
  const resolve = async (signal?: AbortSignal) => {
    const { placement } = await mesh.placements.resolvePlacement({ graphId }, signal ? { signal } : {});
    return placement;
  };
  /** Lets time pass until the call ends. */
  const passingTime = async <T>(call: Promise<T>): Promise<T> => {
    let isOver = false;
    const end = () => {
      isOver = true;
    };
    call.then(end, end);
    while (!isOver) {
      mesh.clock.advance(250);
      await new Promise(setImmediate);
    }
    return call;
  };
  const state = async () => {
    const { graph } = await mesh.catalog.getGraph({ graphId }, as());
    return graph?.state;
  };

  describe('RegisterNode', () => {
    test('answers with the lease and makes the node known to discovery for as long', async () => {
      const { lease, deleteGraphIds } = await report('engine:1');
      expect(lease).toMatchObject({ seconds: 10n, nanos: 0 });
      expect(deleteGraphIds).toEqual([]);
      expect(await mesh.registry.resolve('graph-writer')).toEqual([
        { address: 'node-1:1', attributes: { nodeId: 'node-1:1', tier: '*' } },
      ]);
    });

    test('refuses a tier that does not exist', async () => {
      const registered = mesh.placements.registerNode({ ...nodeReport(node), tier: 'gold' });
      await expect(registered).rejects.toMatchObject(reason('INVALID_REQUEST'));
    });

    test('a graph that the report leaves out sleeps, and one that it lists is active', async () => {
      await report(undefined);
      expect(await state()).toBe(GraphState.SLEEPING);
      await report('engine:2', 2n);
      expect(await state()).toBe(GraphState.ACTIVE);
      expect(await resolve()).toMatchObject({ endpoint: 'engine:2', epoch: 2n });
    });

    test('an epoch smaller than the known one is ignored', async () => {
      await report('engine:3', 3n);
      await report('engine:2', 2n);
      expect(await resolve()).toMatchObject({ endpoint: 'engine:3', epoch: 3n });
    });

    test('the node must delete graphs that nobody knows, but not those of another node', async () => {
      const other = mesh.addNode('node-2:1');
      const unknown = { graphId: 'kg_unknown0000000000000', endpoint: 'engine:9', epoch: 1n };
      const stray = { graphId, endpoint: 'engine:9', epoch: 9n };
      const { deleteGraphIds } = await mesh.placements.registerNode({
        ...nodeReport(other),
        openGraphs: [unknown, stray],
      });
      expect(deleteGraphIds).toEqual([unknown.graphId]);
      expect(await resolve()).toMatchObject({ endpoint: `${graphId}:1`, epoch: 1n });
    });

    test('a draining node that holds no graph any more is gone at once', async () => {
      await mesh.placements.registerNode({ ...nodeReport(node), draining: true });
      expect(await mesh.registry.resolve('graph-writer')).toEqual([]);
      await expect(passingTime(resolve())).rejects.toMatchObject(reason('UNAVAILABLE'));
    });
  });

  describe('ResolvePlacement', () => {
    test('answers with the endpoint of an open graph without asking its node', async () => {
      expect(await resolve()).toMatchObject({
        graphId,
        organizationId: 'org_1',
        state: GraphState.ACTIVE,
        endpoint: `${graphId}:1`,
        epoch: 1n,
        tier: 'standard',
      });
      expect(node.opened).toHaveLength(1);
    });

    test('wakes a sleeping graph once for all who ask, with a greater epoch each time', async () => {
      await report(undefined);
      const placements = await Promise.all(Array.from({ length: 8 }, () => resolve()));
      expect(node.opened.map(({ epoch }) => epoch)).toEqual([1n, 2n]);
      for (const placement of placements)
        expect(placement).toMatchObject({ endpoint: `${graphId}:2`, epoch: 2n });
      await report(undefined);
      expect(await resolve()).toMatchObject({ epoch: 3n });
    });

    test('an epoch is used up though the opening fails or the catalog starts anew', async () => {
      await report(undefined);
      const { open } = node;
      node.open = async () => {
        throw rpcError(ErrorReason.UNAVAILABLE, 'the engine failed 5 times', { retryAfterMs: 30_000 });
      };
      await expect(resolve()).rejects.toMatchObject({
        ...reason('UNAVAILABLE'),
        message: 'the engine failed 5 times',
        retryAfterMs: 30_000,
      });
      node.open = open;
      const another = await mesh.startAnother();
      const { placement } = await another.placements.resolvePlacement({ graphId });
      expect(placement).toMatchObject({ epoch: 3n });
    });

    test('takes the epoch of the opening that the node found, which may be greater or smaller', async () => {
      await report(undefined);
      node.open = async () => ({ endpoint: 'engine:7', epoch: 7n });
      expect(await resolve()).toMatchObject({ endpoint: 'engine:7', epoch: 7n });
      await report(undefined);
      node.open = async () => ({ endpoint: 'engine:7', epoch: 7n });
      expect(await resolve()).toMatchObject({ endpoint: 'engine:7', epoch: 7n });
      expect(node.opened.at(-1)?.epoch).toBe(8n);
    });

    test('waits for the report of an engine that restarts', async () => {
      await report('', 2n);
      const resolved = resolve();
      await mesh.clock.sleepers(1);
      await report('engine:2', 2n);
      expect(await resolved).toMatchObject({ endpoint: 'engine:2', epoch: 2n });
      expect(node.opened).toHaveLength(1);
    });

    test('opens the graph again where the node gave the restart up', async () => {
      await report('', 2n);
      const resolved = resolve();
      await mesh.clock.sleepers(1);
      await report(undefined);
      expect(await resolved).toMatchObject({ epoch: 3n });
    });

    test('waits for a restart no longer than its bound', async () => {
      await report('', 2n);
      const resolved = resolve().catch((error: unknown) => error);
      await mesh.clock.sleepers(1);
      mesh.clock.advance(10_000);
      expect(await resolved).toMatchObject({ ...reason('UNAVAILABLE'), retryAfterMs: 1_000 });
    });

    test('ends when the caller gives up, while the opening goes on for others', async () => {
      await report(undefined);
      const answers: Array<() => void> = [];
      node.open = ({ epoch }) =>
        new Promise((answer) => answers.push(() => answer({ endpoint: 'engine:1', epoch })));
      const caller = new AbortController();
      const abandoned = resolve(caller.signal).catch((error: unknown) => error);
      await expect.poll(() => answers.length).toBe(1);
      const patient = resolve();
      caller.abort();
      expect(await abandoned).toMatchObject(reason('CANCELLED'));
      answers[0]?.();
      expect(await patient).toMatchObject({ endpoint: 'engine:1' });
      expect(answers).toHaveLength(1);
    });

    test('ends when the caller gives up waiting for a restart', async () => {
      await report('', 2n);
      const caller = new AbortController();
      const abandoned = resolve(caller.signal).catch((error: unknown) => error);
      await mesh.clock.sleepers(1);
      caller.abort();
      expect(await abandoned).toMatchObject(reason('CANCELLED'));
    });

    test('answers UNAVAILABLE with a time to retry where the node is away or cannot be reached', async () => {
      await report(undefined);
      mesh.cutOff(node);
      const away = { ...reason('UNAVAILABLE'), retryAfterMs: 1_000, metadata: { node: 'away' } };
      await expect(passingTime(resolve())).rejects.toMatchObject(away);
      await mesh.module.start();
      await mesh.clock.sleepers(2);
      mesh.clock.advance(leaseMs);
      await mesh.clock.sleepers(2);
      await expect(passingTime(resolve())).rejects.toMatchObject(away);
      expect(node.opened).toHaveLength(1);
    });

    test('waits for another endpoint than the one at which the caller found nobody', async () => {
      await report('engine:2', 2n);
      const resolved = mesh.placements.resolvePlacement({ graphId, unreachableEndpoint: 'engine:2' });
      await mesh.clock.sleepers(1);
      await report('engine:3', 3n);
      expect((await resolved).placement).toMatchObject({ endpoint: 'engine:3', epoch: 3n });
    });

    test('answers GRAPH_NOT_FOUND for a graph that does not exist', async () => {
      const resolved = mesh.placements.resolvePlacement({ graphId: 'kg_00000000000000000404' });
      await expect(resolved).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    });

    test('answers GRAPH_NOT_ACTIVE for a graph that is being deleted', async () => {
      mesh.cutOff(node);
      await mesh.catalog.deleteGraph({ graphId }, as());
      await expect(resolve()).rejects.toMatchObject({
        ...reason('GRAPH_NOT_ACTIVE'),
        metadata: { state: 'deleting' },
      });
    });
  });

  describe('the lease', () => {
    test('when it is over, the graphs lose their endpoint and edges hear of it; when the node is back, they are back', async () => {
      const feed = watch();
      await feed.next();
      await mesh.module.start();
      await mesh.clock.sleepers(2);
      const change = feed.change();
      await mesh.clock.sleepers(3);
      mesh.clock.advance(leaseMs - 1);
      await mesh.clock.sleepers(3);
      expect(await state()).toBe(GraphState.ACTIVE);
      mesh.clock.advance(1_000);
      expect(await change).toMatchObject([{ graphId, state: GraphState.SLEEPING, endpoint: '' }]);
      await report('engine:1', 1n);
      expect((await feed.next()).placements).toMatchObject([
        { state: GraphState.ACTIVE, endpoint: 'engine:1' },
      ]);
      await feed.end();
    });

    test('outlives a catalog that was away: placements are there at once and nodes get a whole lease', async () => {
      mesh.clock.advance(10 * leaseMs);
      const another = await mesh.startAnother();
      await another.module.start();
      await mesh.clock.sleepers(2);
      const { placement } = await another.placements.resolvePlacement({ graphId });
      expect(placement).toMatchObject({ endpoint: `${graphId}:1`, epoch: 1n });
      mesh.clock.advance(leaseMs);
      await mesh.clock.sleepers(2);
      const { graph } = await another.catalog.getGraph({ graphId }, as());
      expect(graph?.state).toBe(GraphState.SLEEPING);
      await another.module.close();
    });
  });

  describe('WatchPlacements', () => {
    test('sends all placements, says that they are all, then sends each change', async () => {
      const other = await createGraph();
      const feed = watch();
      const snapshot = await feed.next();
      expect(snapshot.snapshotComplete).toBe(true);
      expect(snapshot.placements.map((placement) => placement.graphId).toSorted()).toEqual(
        [graphId, other].toSorted(),
      );
      await report('', 2n);
      const change = await feed.next();
      expect(change.snapshotComplete).toBe(false);
      expect(change.placements).toContainEqual(
        expect.objectContaining({ graphId, state: GraphState.ACTIVE, endpoint: '', epoch: 2n }),
      );
      await feed.end();
    });

    test('sends an empty snapshot where there are no graphs', async () => {
      await mesh.catalog.deleteGraph({ graphId }, as());
      const feed = watch();
      expect(await feed.next()).toMatchObject({ placements: [], snapshotComplete: true });
      await feed.end();
    });

    test('sends an empty message every 5 s while nothing changes', async () => {
      const feed = watch();
      await feed.next();
      const heartbeat = feed.next();
      await mesh.clock.sleepers(1);
      mesh.clock.advance(5_000);
      expect(await heartbeat).toMatchObject({ placements: [], snapshotComplete: false });
      await feed.end();
    });

    test('tells of a deletion when it begins and when the graph is gone', async () => {
      const feed = watch();
      await feed.next();
      let isDeleted = () => {};
      node.close = () =>
        new Promise((resolve) => {
          isDeleted = resolve;
        });
      const deletion = mesh.catalog.deleteGraph({ graphId }, as());
      const gone = { graphId, state: GraphState.DELETING, endpoint: '' };
      expect((await feed.next()).placements).toMatchObject([{ ...gone, epoch: 1n }]);
      await expect.poll(() => node.closed.length).toBe(1);
      isDeleted();
      await deletion;
      expect((await feed.next()).placements).toMatchObject([{ ...gone, epoch: 0n }]);
      await feed.end();
    });

    test('merges changes of one graph for a watcher that is late, and ends one that is too late', async () => {
      const feed = watch();
      await feed.next();
      for (let epoch = 2n; epoch < 12n; epoch++) await report(`engine:${epoch}`, epoch);
      expect((await feed.next()).placements).toMatchObject([{ graphId, epoch: 11n }]);
      for (let i = 0; i < 4; i++) await createGraph();
      await expect(feed.next()).rejects.toMatchObject({ ...reason('UNAVAILABLE'), retryAfterMs: 1_000 });
    });

    test('ends with the call', async () => {
      const feed = watch();
      await feed.next();
      const next = feed.next().catch((error: unknown) => error);
      await mesh.clock.sleepers(1);
      feed.abort();
      await next;
      await mesh.clock.sleepers(0);
    });

    test('tells of what another process of the catalog wrote, within the resync interval', async () => {
      const another = await mesh.startAnother();
      await another.module.start();
      await mesh.clock.sleepers(2);
      const feed = watch(another.placements);
      await feed.next();
      await report('engine:2', 2n);
      const fresh = await createGraph();
      const change = feed.change();
      await mesh.clock.sleepers(3);
      mesh.clock.advance(5_000);
      expect(await change).toEqual(
        expect.arrayContaining([
          expect.objectContaining({ graphId, epoch: 2n }),
          expect.objectContaining({ graphId: fresh, state: GraphState.ACTIVE }),
        ]),
      );
      await mesh.catalog.deleteGraph({ graphId: fresh }, as());
      await report('engine:2', 2n);
      const deletion = feed.change();
      await mesh.clock.sleepers(3);
      mesh.clock.advance(5_000);
      expect(await deletion).toMatchObject([{ graphId: fresh, state: GraphState.DELETING, epoch: 0n }]);
      await feed.end();
      await another.module.close();
    });
  });

  function watch(placements = mesh.placements) {
    const call = new AbortController();
    const stream = placements.watchPlacements({}, { signal: call.signal })[Symbol.asyncIterator]();
    const next = async (): Promise<WatchPlacementsResponse> => (await stream.next()).value;
    return {
      next,
      /** The next message that is no heartbeat. */
      change: async (): Promise<readonly Placement[]> => {
        for (;;) {
          const { placements } = await next();
          if (placements.length > 0) return placements;
        }
      },
      end: () => stream.return?.(),
      abort: () => call.abort(),
    };
  }
});
