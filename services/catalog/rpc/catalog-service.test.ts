import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { as, clearCatalog, type FakeNode, nodeReport, openCatalog } from '../testing.ts';

const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });

describe.each(testDatabases)('CatalogService on $name', ({ open }) => {
  let database: Database;
  let mesh: Awaited<ReturnType<typeof openCatalog>>;
  let node: FakeNode;

  beforeAll(async () => {
    database = await open();
  });
  afterAll(() => database.close());
  beforeEach(async () => {
    mesh = await openCatalog(database);
    node = mesh.addNode('node-1:1');
    await mesh.placements.registerNode(nodeReport(node));
  });
  afterEach(async () => {
    await mesh.module.close();
    await clearCatalog(database);
  });

  const createGraph = async (displayName = 'People', caller = as()) => {
    const { graph } = await mesh.catalog.createGraph({ displayName }, caller);
    if (!graph) throw new Error('no graph came');
    return graph;
  };

  describe('CreateGraph', () => {
    test('opens the graph on a node with epoch 1 and answers with it, active', async () => {
      const graph = await createGraph();
      expect(graph).toMatchObject({ displayName: 'People', tier: 'standard', state: GraphState.ACTIVE });
      expect(graph.graphId).toMatch(/^kg_[a-z0-9]{20}$/);
      expect(graph.createTime?.seconds).toBe(BigInt(mesh.clock.now() / 1000));
      expect(node.opened).toMatchObject([
        { graphId: graph.graphId, organizationId: 'org_1', tier: 'standard', epoch: 1n },
      ]);
      const got = await mesh.catalog.getGraph({ graphId: graph.graphId }, as());
      expect(got.graph).toEqual(graph);
    });

    test('refuses a tier that the plan does not include', async () => {
      const created = mesh.catalog.createGraph({ displayName: 'x', tier: 'premium' }, as());
      await expect(created).rejects.toMatchObject({
        ...reason('TIER_NOT_ALLOWED'),
        metadata: { tier: 'premium', plan: 'standard' },
      });
    });

    test('gives a tier that the plan includes', async () => {
      const request = { displayName: 'x', tier: 'enterprise' };
      const { graph } = await mesh.catalog.createGraph(request, as({ plan: 'premium' }));
      expect(graph).toMatchObject({ tier: 'enterprise', state: GraphState.ACTIVE });
    });

    test('never lets concurrent creations exceed the limit of the plan, and counts organizations apart', async () => {
      const attempts = Array.from({ length: 12 }, (_, i) => createGraph(`graph ${i}`));
      const others = createGraph('other', as({ organizationId: 'org_2' }));
      const outcomes = await Promise.allSettled(attempts);
      const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(refusals).toHaveLength(7);
      for (const refusal of refusals)
        expect(refusal).toMatchObject({
          ...reason('GRAPH_LIMIT_REACHED'),
          metadata: { plan: 'standard', limit: '5' },
        });
      expect((await mesh.catalog.listGraphs({}, as())).graphs).toHaveLength(5);
      await others;
    });

    test('has room again after a deletion', async () => {
      const graphs = await Promise.all(Array.from({ length: 5 }, () => createGraph()));
      await expect(createGraph()).rejects.toMatchObject(reason('GRAPH_LIMIT_REACHED'));
      await mesh.catalog.deleteGraph({ graphId: graphs[0]?.graphId ?? '' }, as());
      await createGraph();
    });

    test('answers NO_CAPACITY where no live node takes the tier', async () => {
      await mesh.placements.registerNode({ ...nodeReport(node), tier: 'premium' });
      await expect(createGraph()).rejects.toMatchObject(reason('NO_CAPACITY'));
      await mesh.placements.registerNode({ ...nodeReport(node), draining: true });
      await expect(createGraph()).rejects.toMatchObject(reason('NO_CAPACITY'));
    });

    test('spreads graphs by load relative to slots, also when they are created at once', async () => {
      const small = mesh.addNode('node-2:1');
      await mesh.placements.registerNode({ ...nodeReport(small), slots: 5 });
      const premium = as({ plan: 'premium' });
      await Promise.all(Array.from({ length: 9 }, () => createGraph('x', premium)));
      expect([node.opened.length, small.opened.length]).toEqual([6, 3]);
    });

    test('takes the graph back, files too, where its node cannot open it, and passes the error on', async () => {
      node.open = async () => {
        throw rpcError(ErrorReason.NO_CAPACITY, 'all slots are busy', { retryAfterMs: 500 });
      };
      await expect(createGraph()).rejects.toMatchObject({ ...reason('NO_CAPACITY'), retryAfterMs: 500 });
      expect(node.closed).toMatchObject([{ graphId: node.opened[0]?.graphId, delete: true }]);
      expect((await mesh.catalog.listGraphs({}, as())).graphs).toEqual([]);
    });

    test('leaves the graph in deletion where the node that failed cannot be reached, and does not count it', async () => {
      mesh.cutOff(node);
      for (let i = 0; i < 6; i++)
        await expect(createGraph()).rejects.toMatchObject({ ...reason('UNAVAILABLE'), retryAfterMs: 1_000 });
      const { graphs } = await mesh.catalog.listGraphs({}, as());
      expect(graphs.map(({ state }) => state)).toEqual(Array(6).fill(GraphState.DELETING));
      mesh.reconnect(node);
      const { deleteGraphIds } = await mesh.placements.registerNode(nodeReport(node));
      expect(deleteGraphIds.toSorted()).toEqual(graphs.map(({ graphId }) => graphId).toSorted());
    });

    test('a creation that a crash cut off is removed at a later start', async () => {
      let isOpening = () => {};
      const opening = new Promise<void>((resolve) => {
        isOpening = resolve;
      });
      node.open = () => {
        isOpening();
        return new Promise(() => {});
      };
      createGraph().catch(() => {});
      await opening;
      mesh.clock.advance(10 * 60_000);
      await mesh.placements.registerNode(nodeReport(node));
      const another = await mesh.startAnother();
      await another.module.start();
      await mesh.clock.sleepers(2);
      expect((await another.catalog.listGraphs({}, as())).graphs).toEqual([]);
      expect(node.closed).toMatchObject([{ delete: true }]);
      await another.module.close();
    });
  });

  describe('a graph that the caller may not know of', () => {
    const strangers = {
      'of another organization': as({ organizationId: 'org_2' }),
      'outside of a restricted credential': as({ graphIds: ['kg_99999999999999999999'] }),
    };

    test.each(Object.entries(strangers))('%s answers exactly like a missing one', async (_, stranger) => {
      const { graphId } = await createGraph();
      const missing = { graphId: 'kg_00000000000000000404' };
      for (const call of [mesh.catalog.getGraph, mesh.catalog.deleteGraph]) {
        const [hidden, absent] = await Promise.all(
          [{ graphId }, missing].map((request) => call(request, stranger).catch((error: unknown) => error)),
        );
        expect(hidden).toBeInstanceOf(RpcError);
        expect(hidden).toMatchObject(reason('GRAPH_NOT_FOUND'));
        const visible = ({ code, message, metadata, details }: RpcError) => [
          code,
          message,
          metadata,
          details,
        ];
        expect(visible(hidden as RpcError)).toEqual(visible(absent as RpcError));
      }
      expect((await mesh.catalog.listGraphs({}, stranger)).graphs).toEqual([]);
      expect((await mesh.catalog.getGraph({ graphId }, as())).graph?.state).toBe(GraphState.ACTIVE);
    });

    test('a restricted credential sees and deletes its own', async () => {
      const mine = await createGraph('mine');
      await createGraph('not mine');
      const restricted = as({ graphIds: [mine.graphId] });
      expect((await mesh.catalog.listGraphs({}, restricted)).graphs).toEqual([mine]);
      expect((await mesh.catalog.getGraph({ graphId: mine.graphId }, restricted)).graph).toEqual(mine);
      await mesh.catalog.deleteGraph({ graphId: mine.graphId }, restricted);
    });
  });

  describe('ListGraphs', () => {
    test('pages through all graphs once, oldest first, also those of one moment', async () => {
      const premium = as({ plan: 'premium' });
      const created = [];
      for (const name of ['a', 'b', 'c', 'd', 'e']) {
        created.push(await createGraph(name, premium));
        if (name === 'c') mesh.clock.advance(1);
      }
      const seen = [];
      let pageToken = '';
      do {
        const page = await mesh.catalog.listGraphs({ pageSize: 2, pageToken }, premium);
        seen.push(page.graphs);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      expect(seen.map(({ length }) => length)).toEqual([2, 2, 1]);
      expect(seen.flat()).toEqual(created);
    });

    test('answers without a token where the last page is full', async () => {
      await createGraph();
      expect((await mesh.catalog.listGraphs({ pageSize: 1 }, as())).nextPageToken).toBe('');
    });

    test('refuses a token that it did not give', async () => {
      const listed = mesh.catalog.listGraphs({ pageToken: 'nonsense' }, as());
      await expect(listed).rejects.toMatchObject(reason('INVALID_REQUEST'));
    });
  });

  describe('DeleteGraph', () => {
    test('deletes the files on the node, then the graph; a second deletion finds none', async () => {
      const { graphId } = await createGraph();
      await mesh.catalog.deleteGraph({ graphId }, as());
      expect(node.closed).toMatchObject([{ graphId, delete: true }]);
      const again = mesh.catalog.deleteGraph({ graphId }, as());
      await expect(again).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
      await expect(mesh.catalog.getGraph({ graphId }, as())).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    });

    test('stays in deletion while the node is away; the node is told when it is back, and then the graph goes', async () => {
      const { graphId } = await createGraph();
      mesh.cutOff(node);
      await mesh.catalog.deleteGraph({ graphId }, as());
      await mesh.catalog.deleteGraph({ graphId }, as());
      const { graph } = await mesh.catalog.getGraph({ graphId }, as());
      expect(graph?.state).toBe(GraphState.DELETING);
      mesh.reconnect(node);
      const { deleteGraphIds } = await mesh.placements.registerNode(nodeReport(node));
      expect(deleteGraphIds).toEqual([graphId]);
      await mesh.module.start();
      await mesh.clock.sleepers(2);
      expect(node.closed).toMatchObject([{ graphId, delete: true }]);
      await expect(mesh.catalog.getGraph({ graphId }, as())).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    });

    test('wins over a creation whose node answers although it could not be told', async () => {
      const answer = Promise.withResolvers<void>();
      const isAsked = Promise.withResolvers<void>();
      node.open = async ({ epoch }) => {
        isAsked.resolve();
        await answer.promise;
        return { endpoint: 'late:1', epoch };
      };
      const created = createGraph().catch((error: unknown) => error);
      await isAsked.promise;
      const graphId = node.opened[0]?.graphId ?? '';
      mesh.cutOff(node);
      await mesh.catalog.deleteGraph({ graphId }, as());
      answer.resolve();
      expect(await created).toMatchObject({ ...reason('GRAPH_NOT_ACTIVE'), metadata: { state: 'deleting' } });
      const { graph } = await mesh.catalog.getGraph({ graphId }, as());
      expect(graph?.state).toBe(GraphState.DELETING);
    });

    test('wins over a creation that is still under way', async () => {
      const answers: Array<() => void> = [];
      node.open = ({ epoch }) =>
        new Promise((resolve) => answers.push(() => resolve({ endpoint: 'late:1', epoch })));
      const created = createGraph().catch((error: unknown) => error);
      await expect.poll(() => answers.length).toBe(1);
      const graphId = node.opened[0]?.graphId ?? '';
      await mesh.catalog.deleteGraph({ graphId }, as());
      answers[0]?.();
      expect(await created).toMatchObject(reason('GRAPH_NOT_FOUND'));
      expect((await mesh.catalog.listGraphs({}, as())).graphs).toEqual([]);
    });
  });
});
