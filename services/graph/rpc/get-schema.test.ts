import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import { GetSchemaRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { failureOf, openTestGraph, testContext, testGraphId } from '../engine/testing.ts';
import { getSchema } from './get-schema.ts';

test('GetSchema names tables, properties with their types, keys and pairs, and follows every change', async () => {
  const graph = await openTestGraph();
  const schema = (graphId = testGraphId) =>
    getSchema(graph.graph, create(GetSchemaRequestSchema, { graphId }), testContext());
  expect(await schema()).toEqual({ nodeTables: [], relationshipTables: [], revision: '3.0' });
  await graph.execute("CREATE NODE TABLE `it's`(k UUID, m MAP(INT64, DECIMAL(9, 2)[]), PRIMARY KEY (k))");
  await graph.execute('CREATE NODE TABLE A(id SERIAL PRIMARY KEY)');
  await graph.execute("CREATE REL TABLE Knows(FROM A TO A, FROM A TO `it's`, since DATE)");
  expect(await schema()).toEqual({
    nodeTables: [
      { name: 'A', primaryKey: 'id', properties: [{ name: 'id', type: 'SERIAL' }] },
      {
        name: "it's",
        primaryKey: 'k',
        properties: [
          { name: 'k', type: 'UUID' },
          { name: 'm', type: 'MAP(INT64, DECIMAL(9, 2)[])' },
        ],
      },
    ],
    relationshipTables: [
      {
        name: 'Knows',
        properties: [{ name: 'since', type: 'DATE' }],
        connections: [
          { fromLabel: 'A', toLabel: 'A' },
          { fromLabel: 'A', toLabel: "it's" },
        ],
      },
    ],
    revision: '3.3',
  });
  await graph.execute('ALTER TABLE A ADD name STRING');
  const { nodeTables } = await schema();
  expect(nodeTables?.[0]?.properties).toHaveLength(2);
  expect(await failureOf(schema('kg_another'))).toMatchObject({ reason: 'GRAPH_NOT_FOUND' });
  await graph.close();
});
