import type { StreamQueryRequest } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { EncodedMessage } from '../../mesh/rpc/encoded-message.ts';
import type { ExactResult } from '../engine/encode/checked-result.ts';
import { throwIfOver } from '../engine/engine-gate.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, requireRevision, toLimits, toRevision } from './call.ts';
import { elapsedMsSince } from './elapsed.ts';
import { answerBytesMax, encodeDone } from './encode-answer.ts';
import { toCallError } from './errors.ts';

/** Bytes of the rows in one message, unless a single row has more. */
const batchBytesMax = 512 * 2 ** 10;

/**
 * Runs one read-only statement and streams the result in messages of StreamQueryResponse: the columns, batches of
 * rows, then done. Whoever takes the batches sets the pace; the call's time goes on meanwhile.
 */
export async function* streamQuery(
  graph: EngineGraph,
  request: StreamQueryRequest,
  context: CallContext,
): AsyncIterable<EncodedMessage> {
  let result: ExactResult | undefined;
  try {
    requireGraph(graph, request.graphId, context);
    requireRevision(graph, request.atLeastRevision);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'read', request.parameters);
    const startedMs = performance.now();
    const demand = {
      rowsMax: request.maxRows || Number.POSITIVE_INFINITY,
      bounds: { rowsMax: graph.tier.batchRows, bytesMax: batchBytesMax, rowBytesMax: answerBytesMax },
    };
    const outcome = await graph.runner.read(call, demand, limits);
    result = outcome.result;
    // Columns and rows are written as the fields of this message already.
    yield new EncodedMessage(result.columns);
    for (let batch = result.nextBatch(); batch; batch = result.nextBatch()) {
      throwIfOver(limits);
      yield new EncodedMessage(batch.bytes);
    }
    yield encodeDone({
      rowCount: result.rowCount,
      elapsedMs: elapsedMsSince(startedMs),
      revision: toRevision(graph, outcome.commits),
      isTruncated: result.isTruncated,
    });
  } catch (error) {
    throw toCallError(error);
  } finally {
    result?.close();
  }
}
