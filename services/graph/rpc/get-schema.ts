import type { MessageInitShape } from '@bufbuild/protobuf';
import type { GetSchemaRequest, GetSchemaResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, toLimits, toRevision } from './call.ts';
import { withRpcErrors } from './errors.ts';

/** Describes the node tables and relationship tables of the graph. */
export function getSchema(
  graph: EngineGraph,
  request: GetSchemaRequest,
  context: CallContext,
): Promise<MessageInitShape<typeof GetSchemaResponseSchema>> {
  return withRpcErrors(async () => {
    requireGraph(graph, request.graphId, context);
    return graph.engine.read(toLimits(graph, 0, context), async (transaction) => {
      const { nodeTables, relationshipTables } = await graph.schema.schema(transaction);
      return {
        nodeTables: nodeTables.map((table) => ({ ...table, properties: [...table.properties] })),
        relationshipTables: relationshipTables.map((table) => ({
          name: table.name,
          properties: [...table.properties],
          connections: [...table.connections],
        })),
        revision: toRevision(graph, transaction.commits),
      };
    });
  });
}
