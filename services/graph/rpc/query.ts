import type { MessageInitShape } from '@bufbuild/protobuf';
import type { QueryRequest, QueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, requireRevision, toLimits, toRevision } from './call.ts';
import { collectRows } from './collect-rows.ts';
import { elapsedMsSince } from './elapsed.ts';
import { withRpcErrors } from './errors.ts';

/** Runs one read-only statement and answers with the whole result. */
export function query(
  graph: EngineGraph,
  request: QueryRequest,
  context: CallContext,
): Promise<MessageInitShape<typeof QueryResponseSchema>> {
  return withRpcErrors(async () => {
    requireGraph(graph, request.graphId, context);
    requireRevision(graph, request.atLeastRevision);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'read', request.parameters);
    const startedMs = performance.now();
    const { result, commits } = await graph.runner.read(
      call,
      request.maxRows || Number.POSITIVE_INFINITY,
      limits,
    );
    try {
      const rows = await collectRows(result);
      return {
        columns: [...result.columns],
        rows,
        rowCount: rows.length,
        elapsedMs: elapsedMsSince(startedMs),
        revision: toRevision(graph, commits),
        truncated: result.isTruncated,
      };
    } finally {
      result.close();
    }
  });
}
