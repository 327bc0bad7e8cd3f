import type { MessageInitShape } from '@bufbuild/protobuf';
import type { ExecuteRequest, ExecuteResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import type { ExactResult } from '../engine/exact-result.ts';
import { requireGraph, toLimits, toRevision } from './call.ts';
import { collectRows } from './collect-rows.ts';
import { elapsedMsSince } from './elapsed.ts';
import { withRpcErrors } from './errors.ts';

/** Runs one statement that may change data or schema. Answers after the commit; a result too large rolls back. */
export function execute(
  graph: EngineGraph,
  request: ExecuteRequest,
  context: CallContext,
): Promise<MessageInitShape<typeof ExecuteResponseSchema>> {
  return withRpcErrors(async () => {
    requireGraph(graph, request.graphId, context);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'write', request.parameters);
    const rowsMax = request.maxRows || Number.POSITIVE_INFINITY;
    const startedMs = performance.now();
    const finish = async (exact: ExactResult) => {
      // Changes of the schema answer with a sentence; it is not a result.
      if (!call.verdict.returnsRows) return { columns: [], rows: [], truncated: false };
      const rows = await collectRows(exact);
      return { columns: [...exact.columns], rows, truncated: exact.isTruncated };
    };
    const { result, commits } = call.verdict.writes
      ? await graph.runner.write(call, rowsMax, limits, finish)
      : await graph.runner.read(call, rowsMax, limits).then(async (outcome) => {
          try {
            return { result: await finish(outcome.result), commits: outcome.commits };
          } finally {
            outcome.result.close();
          }
        });
    return {
      ...result,
      rowCount: result.rows.length,
      elapsedMs: elapsedMsSince(startedMs),
      revision: toRevision(graph, commits),
    };
  });
}
