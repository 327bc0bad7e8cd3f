import type { ExecuteRequest } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EncodedMessage } from '../../mesh/rpc/encoded-message.ts';
import type { ExactResult } from '../engine/encode/checked-result.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, toLimits, toRevision } from './call.ts';
import { elapsedMsSince } from './elapsed.ts';
import { answerDemand, emptyTable, encodeAnswer, toTable } from './encode-answer.ts';
import { withRpcErrors } from './errors.ts';

/**
 * Runs one statement that may change data or schema. Answers with an ExecuteResponse after the commit; a result too
 * large rolls back.
 */
export function execute(
  graph: EngineGraph,
  request: ExecuteRequest,
  context: CallContext,
): Promise<EncodedMessage> {
  return withRpcErrors(async () => {
    requireGraph(graph, request.graphId, context);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'write', request.parameters);
    const demand = answerDemand(request.maxRows);
    const startedMs = performance.now();
    // Changes of the schema answer with a sentence; it is not a result.
    const finish = (exact: ExactResult) => (call.verdict.returnsRows ? toTable(exact) : emptyTable);
    const { result, commits } = call.verdict.writes
      ? await graph.runner.write(call, demand, limits, finish)
      : await graph.runner.read(call, demand, limits).then((outcome) => {
          try {
            return { result: finish(outcome.result), commits: outcome.commits };
          } finally {
            outcome.result.close();
          }
        });
    return encodeAnswer(result, elapsedMsSince(startedMs), toRevision(graph, commits));
  });
}
