import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { readTierTable } from '../../mesh/plan/read-tier-table.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { as, clearCatalog, type FakeNode, nodeReport, openCatalog } from '../testing.ts';

const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });
const premium = as({ plan: 'premium' });

describe.each(testDatabases)('subgraphs on $name', ({ open }) => {
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

  const createGraph = async (tier = 'enterprise', caller = premium) => {
    const { graph } = await mesh.catalog.createGraph({ displayName: 'parent', tier }, caller);
    if (!graph) throw new Error('no graph came');
    return graph;
  };
  const createSubgraph = async (parentGraphId: string, caller = premium, tier = '') => {
    const { graph } = await mesh.catalog.createGraph({ displayName: 'sub', parentGraphId, tier }, caller);
    if (!graph) throw new Error('no graph came');
    return graph;
  };

  test('a subgraph is a graph of its own with its parent’s tier, told to edges with its parent', async () => {
    const parent = await createGraph();
    const subgraph = await createSubgraph(parent.graphId);
    expect(subgraph).toMatchObject({ tier: 'enterprise', parentGraphId: parent.graphId });
    expect(subgraph.graphId).not.toBe(parent.graphId);
    expect(node.opened.at(-1)).toMatchObject({ graphId: subgraph.graphId, tier: 'enterprise' });
    const { placement } = await mesh.placements.resolvePlacement({ graphId: subgraph.graphId });
    expect(placement).toMatchObject({ parentGraphId: parent.graphId });
    const { graphs } = await mesh.catalog.listGraphs({ parentGraphId: parent.graphId }, premium);
    expect(graphs).toEqual([subgraph]);
    expect((await mesh.catalog.listGraphs({}, premium)).graphs).toHaveLength(2);
  });

  test('counts for its parent and not for the plan', async () => {
    const owner = as({ plan: 'enterprise' });
    const parent = await createGraph('enterprise', owner);
    for (let i = 0; i < 10; i++) await createSubgraph(parent.graphId, owner);
    await expect(createSubgraph(parent.graphId, owner)).rejects.toMatchObject({
      ...reason('SUBGRAPH_LIMIT_REACHED'),
      message: 'the tier enterprise allows 10 subgraphs of a graph',
      metadata: { tier: 'enterprise', limit: '10' },
    });
    const graphs = Array.from({ length: 24 }, () => createGraph('standard', owner));
    await Promise.all(graphs);
    await expect(createGraph('standard', owner)).rejects.toMatchObject(reason('GRAPH_LIMIT_REACHED'));
  });

  test('of racing creations no more come through than the tier allows, over two processes', async () => {
    const parent = await createGraph();
    const another = await mesh.startAnother();
    const request = { displayName: 'sub', parentGraphId: parent.graphId };
    const attempts = Array.from({ length: 24 }, (_, i) =>
      (i % 2 === 0 ? mesh : another).catalog.createGraph(request, premium),
    );
    const outcomes = await Promise.allSettled(attempts);
    const refusals = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
    expect(refusals).toHaveLength(14);
    for (const refusal of refusals) expect(refusal).toMatchObject(reason('SUBGRAPH_LIMIT_REACHED'));
    expect((await mesh.catalog.listGraphs({ parentGraphId: parent.graphId }, premium)).graphs).toHaveLength(
      10,
    );
    await another.module.close();
  });

  test('standard has none, premium as many as one likes', async () => {
    const standard = await createGraph('standard');
    await expect(createSubgraph(standard.graphId)).rejects.toMatchObject({
      ...reason('SUBGRAPH_LIMIT_REACHED'),
      metadata: { tier: 'standard', limit: '0' },
    });
    const parent = await createGraph('premium');
    await Promise.all(Array.from({ length: 12 }, () => createSubgraph(parent.graphId)));
  });

  test('one that failed to open counts no more, and has room again', async () => {
    const parent = await createGraph();
    for (let i = 0; i < 9; i++) await createSubgraph(parent.graphId);
    const opens = node.open;
    node.open = async () => {
      throw rpcError(ErrorReason.NO_CAPACITY, 'full', { retryAfterMs: 1 });
    };
    for (let i = 0; i < 3; i++)
      await expect(createSubgraph(parent.graphId)).rejects.toMatchObject(reason('NO_CAPACITY'));
    node.open = opens;
    await createSubgraph(parent.graphId);
  });

  test('a parent must be the caller’s, no subgraph itself, and of the tier that is asked for', async () => {
    const parent = await createGraph();
    const subgraph = await createSubgraph(parent.graphId);
    const stranger = as({ organizationId: 'org_2', plan: 'premium' });
    await expect(createSubgraph(parent.graphId, stranger)).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    await expect(createSubgraph('kg_00000000000000000404')).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    await expect(createSubgraph(subgraph.graphId)).rejects.toMatchObject(reason('INVALID_REQUEST'));
    await expect(createSubgraph(parent.graphId, premium, 'premium')).rejects.toMatchObject(
      reason('INVALID_REQUEST'),
    );
    await createSubgraph(parent.graphId, premium, 'enterprise');
  });

  test('a credential restricted to the parent sees its subgraphs, and one restricted to a subgraph not the parent', async () => {
    const parent = await createGraph();
    const subgraph = await createSubgraph(parent.graphId);
    const toParent = as({ graphIds: [parent.graphId] });
    expect((await mesh.catalog.listGraphs({}, toParent)).graphs).toEqual([parent, subgraph]);
    await mesh.catalog.getGraph({ graphId: subgraph.graphId }, toParent);
    const toSubgraph = as({ graphIds: [subgraph.graphId] });
    expect((await mesh.catalog.listGraphs({}, toSubgraph)).graphs).toEqual([subgraph]);
    await expect(mesh.catalog.getGraph({ graphId: parent.graphId }, toSubgraph)).rejects.toMatchObject(
      reason('GRAPH_NOT_FOUND'),
    );
  });

  test('a graph with subgraphs is not deleted before they are', async () => {
    const parent = await createGraph();
    const subgraph = await createSubgraph(parent.graphId);
    const deleted = mesh.catalog.deleteGraph({ graphId: parent.graphId }, premium);
    await expect(deleted).rejects.toMatchObject({
      ...reason('GRAPH_HAS_SUBGRAPHS'),
      metadata: { subgraphs: '1' },
    });
    expect(node.closed).toEqual([]);
    await mesh.catalog.deleteGraph({ graphId: subgraph.graphId }, premium);
    await mesh.catalog.deleteGraph({ graphId: parent.graphId }, premium);
    expect((await mesh.catalog.listGraphs({}, premium)).graphs).toEqual([]);
  });

  test('a deletion that races creations leaves no subgraph without its parent', async () => {
    const parent = await createGraph();
    const calls: Promise<unknown>[] = Array.from({ length: 4 }, () => createSubgraph(parent.graphId));
    calls.push(mesh.catalog.deleteGraph({ graphId: parent.graphId }, premium));
    calls.push(...Array.from({ length: 4 }, () => createSubgraph(parent.graphId)));
    await Promise.allSettled(calls);
    const { graphs } = await mesh.catalog.listGraphs({}, premium);
    const parents = graphs.filter(({ parentGraphId }) => parentGraphId === '');
    expect(parents).toHaveLength(graphs.length > 0 ? 1 : 0);
  });
});

describe.each(testDatabases)('staging on $name', ({ open }) => {
  test('offers no enterprise: neither for a graph nor for a node', async () => {
    const database = await open();
    const mesh = await openCatalog(database, { tiers: readTierTable({ TRELLIS_ENVIRONMENT: 'staging' }) });
    const node = mesh.addNode('node-1:1');
    await mesh.placements.registerNode({ ...nodeReport(node), tier: 'standard' });
    const created = mesh.catalog.createGraph({ displayName: 'x', tier: 'enterprise' }, premium);
    await expect(created).rejects.toMatchObject({
      ...reason('TIER_NOT_OFFERED'),
      metadata: { tier: 'enterprise', environment: 'staging' },
    });
    await expect(
      mesh.placements.registerNode({ ...nodeReport(node), tier: 'enterprise' }),
    ).rejects.toMatchObject(reason('INVALID_REQUEST'));
    await mesh.module.close();
    await database.close();
  });
});
