import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';
import { execute } from '../rpc/execute.ts';
import { getSchema } from '../rpc/get-schema.ts';
import { query } from '../rpc/query.ts';
import { streamQuery } from '../rpc/stream-query.ts';
import { withTierLimit, withTierLimits } from '../rpc/tier-limit.ts';
import { watchImport } from '../rpc/watch-import.ts';
import type { EngineGraph } from './engine-graph.ts';

/** The data plane of the graph that this process holds. */
export function createRoutes(graph: EngineGraph): BoundService[] {
  const { tier } = graph;
  const nameLimit = (error: unknown): never => {
    throw withTierLimit(error, tier);
  };
  return [
    bindService(GraphService, {
      query: (request, context) => query(graph, request, context).catch(nameLimit),
      streamQuery: (request, context) => withTierLimits(streamQuery(graph, request, context), tier),
      execute: (request, context) => execute(graph, request, context).catch(nameLimit),
      importTable: async (requests, context) => {
        // Some 50 files, which most processes never need.
        const { importTable } = await import('../rpc/import-table.ts');
        return await importTable(graph, requests, context).catch(nameLimit);
      },
      watchImport: (request, context) => watchImport(graph, request, context),
      getSchema: (request, context) => getSchema(graph, request, context).catch(nameLimit),
    }),
  ];
}
