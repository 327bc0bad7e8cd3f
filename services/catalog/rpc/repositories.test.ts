import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { as, clearCatalog, type FakeNode, nodeReport, openCatalog } from '../testing.ts';

const reason = (name: keyof typeof ErrorReason) => ({ reason: ErrorReason[name] });
const operator = as({ organizationId: 'org_platform' });
const subscriber = as({ organizationId: 'org_ada', repositories: ['sec'] });
const stranger = as({ organizationId: 'org_eve' });

describe.each(testDatabases)('repositories on $name', ({ open }) => {
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
    await mesh.placements.registerNode({ ...nodeReport(node), tier: 'shared' });
  });
  afterEach(async () => {
    await mesh.module.close();
    await clearCatalog(database);
  });

  const create = (repository: string) => mesh.repositories.createRepository({ repository }, operator);

  test('one is created on a node of the tier shared, which is told its name', async () => {
    const { repository } = await create('sec');
    expect(repository).toMatchObject({
      repository: 'sec',
      displayName: 'SEC filings',
      state: GraphState.ACTIVE,
      subscribed: false,
    });
    expect(repository?.description).toContain('filings');
    expect(node.opened).toMatchObject([
      { organizationId: 'org_platform', tier: 'shared', repository: 'sec', epoch: 1n },
    ]);
  });

  test('only names of the file of tiers, each once, also at once', async () => {
    await expect(create('weather')).rejects.toMatchObject({
      ...reason('REPOSITORY_NOT_FOUND'),
      metadata: { repository: 'weather' },
    });
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => create('sec')));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    await expect(create('sec')).rejects.toMatchObject(reason('REPOSITORY_EXISTS'));
  });

  test('count for no plan', async () => {
    for (const name of ['sec', 'industry', 'economic']) await create(name);
    await mesh.placements.registerNode(nodeReport(mesh.addNode('node-2:1')));
    for (let i = 0; i < 5; i++) await mesh.catalog.createGraph({ displayName: 'own' }, operator);
    const more = mesh.catalog.createGraph({ displayName: 'own' }, operator);
    await expect(more).rejects.toMatchObject(reason('GRAPH_LIMIT_REACHED'));
  });

  test('are listed by name, with what the caller subscribes to', async () => {
    for (const name of ['sec', 'economic']) await create(name);
    const list = async (caller: typeof subscriber) =>
      (await mesh.repositories.listRepositories({}, caller)).repositories.map((each) => {
        return [each.repository, each.subscribed];
      });
    expect(await list(subscriber)).toEqual([
      ['economic', false],
      ['sec', true],
    ]);
    expect(await list(stranger)).toEqual([
      ['economic', false],
      ['sec', false],
    ]);
  });

  test('are placed by name as by id, and told to edges with their name', async () => {
    await create('sec');
    const graphId = node.opened[0]?.graphId ?? '';
    for (const idOrName of ['sec', graphId]) {
      const { placement } = await mesh.placements.resolvePlacement({ graphId: idOrName });
      expect(placement).toMatchObject({ graphId, repository: 'sec', organizationId: 'org_platform' });
    }
    const unknown = mesh.placements.resolvePlacement({ graphId: 'industry' });
    await expect(unknown).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
  });

  test('are described to subscribers, who neither delete them nor make subgraphs, and missing to everybody else', async () => {
    await create('sec');
    const graphId = node.opened[0]?.graphId ?? '';
    for (const idOrName of ['sec', graphId]) {
      const { graph } = await mesh.catalog.getGraph({ graphId: idOrName }, subscriber);
      expect(graph).toMatchObject({ graphId, repository: 'sec', tier: 'shared' });
      await expect(mesh.catalog.deleteGraph({ graphId: idOrName }, subscriber)).rejects.toMatchObject({
        ...reason('PERMISSION_DENIED'),
        metadata: { permission: 'GRAPH_ADMIN' },
      });
      const subgraph = mesh.catalog.createGraph({ displayName: 'x', parentGraphId: idOrName }, subscriber);
      await expect(subgraph).rejects.toMatchObject(reason('PERMISSION_DENIED'));
      for (const call of [mesh.catalog.getGraph, mesh.catalog.deleteGraph])
        await expect(call({ graphId: idOrName }, stranger)).rejects.toMatchObject(reason('GRAPH_NOT_FOUND'));
    }
    expect((await mesh.catalog.listGraphs({}, subscriber)).graphs).toEqual([]);
  });

  test('have no subgraphs', async () => {
    await create('sec');
    const subgraph = mesh.catalog.createGraph({ displayName: 'x', parentGraphId: 'sec' }, operator);
    await expect(subgraph).rejects.toMatchObject({
      ...reason('SUBGRAPH_LIMIT_REACHED'),
      metadata: { tier: 'shared', limit: '0' },
    });
  });

  test('give their name up when they are deleted, also while their node is away', async () => {
    await create('sec');
    mesh.cutOff(node);
    await mesh.catalog.deleteGraph({ graphId: 'sec' }, operator);
    await expect(mesh.catalog.getGraph({ graphId: 'sec' }, operator)).rejects.toMatchObject(
      reason('GRAPH_NOT_FOUND'),
    );
    mesh.reconnect(node);
    const { repository } = await create('sec');
    expect(repository?.state).toBe(GraphState.ACTIVE);
    expect((await mesh.repositories.listRepositories({}, operator)).repositories).toHaveLength(1);
  });
});
