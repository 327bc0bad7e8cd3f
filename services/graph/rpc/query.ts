import type { QueryRequest } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EncodedMessage } from '../../mesh/rpc/encoded-message.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, requireRevision, toLimits, toRevision } from './call.ts';
import { elapsedMsSince } from './elapsed.ts';
import { answerDemand, encodeAnswer, toTable } from './encode-answer.ts';
import { withRpcErrors } from './errors.ts';

/** Runs one read-only statement and answers with the whole result: a QueryResponse. */
export function query(
  graph: EngineGraph,
  request: QueryRequest,
  context: CallContext,
): Promise<EncodedMessage> {
  return withRpcErrors(async () => {
    requireGraph(graph, request.graphId, context);
    requireRevision(graph, request.atLeastRevision);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'read', request.parameters);
    const startedMs = performance.now();
    const { result, commits } = await graph.runner.read(call, answerDemand(request.maxRows), limits);
    try {
      return encodeAnswer(toTable(result), elapsedMsSince(startedMs), toRevision(graph, commits));
    } finally {
      result.close();
    }
  });
}
