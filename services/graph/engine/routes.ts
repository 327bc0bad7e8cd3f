import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';
import { execute } from '../rpc/execute.ts';
import { getSchema } from '../rpc/get-schema.ts';
import { importTable } from '../rpc/import-table.ts';
import { query } from '../rpc/query.ts';
import { streamQuery } from '../rpc/stream-query.ts';
import { watchImport } from '../rpc/watch-import.ts';
import type { EngineGraph } from './engine-graph.ts';

/** The data plane of the graph that this process holds. */
export function createRoutes(graph: EngineGraph): BoundService[] {
  return [
    bindService(GraphService, {
      query: (request, context) => query(graph, request, context),
      streamQuery: (request, context) => streamQuery(graph, request, context),
      execute: (request, context) => execute(graph, request, context),
      importTable: (requests, context) => importTable(graph, requests, context),
      watchImport: (request, context) => watchImport(graph, request, context),
      getSchema: (request, context) => getSchema(graph, request, context),
    }),
  ];
}
