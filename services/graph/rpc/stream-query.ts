import type { MessageInitShape } from '@bufbuild/protobuf';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import type {
  StreamQueryRequest,
  StreamQueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { Row } from '../../../gen/trellis/graph/v1/value_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { throwIfOver } from '../engine/engine-gate.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import type { ExactResult } from '../engine/exact-result.ts';
import type { CallLimits } from '../engine/graph-engine.ts';
import { requireGraph, requireRevision, toLimits, toRevision } from './call.ts';
import { answerBytesMax, estimateBytes } from './collect-rows.ts';
import { elapsedMsSince } from './elapsed.ts';
import { toCallError } from './errors.ts';

/** Bytes of the rows in one message, unless a single row has more. */
const batchBytesMax = 512 * 2 ** 10;

/** Rows that are decoded at a time while a batch is filled. */
const sliceRows = 64;

/** Runs one read-only statement and streams the result: the columns, batches of rows, then done. */
export async function* streamQuery(
  graph: EngineGraph,
  request: StreamQueryRequest,
  context: CallContext,
): AsyncIterable<MessageInitShape<typeof StreamQueryResponseSchema>> {
  let result: ExactResult | undefined;
  try {
    requireGraph(graph, request.graphId, context);
    requireRevision(graph, request.atLeastRevision);
    const limits = toLimits(graph, request.timeoutMs, context);
    const call = graph.preparer.prepare(request.statement, 'read', request.parameters);
    const startedMs = performance.now();
    const outcome = await graph.runner.read(call, request.maxRows || Number.POSITIVE_INFINITY, limits);
    result = outcome.result;
    yield { columns: [...result.columns] };
    for (const rows of batches(result, graph.tier.batchRows, limits)) yield { rows };
    yield {
      done: {
        rowCount: result.rowCount,
        elapsedMs: elapsedMsSince(startedMs),
        revision: toRevision(graph, outcome.commits),
        truncated: result.isTruncated,
      },
    };
  } catch (error) {
    throw toCallError(error);
  } finally {
    result?.close();
  }
}

/** Whoever takes the batches sets the pace; the call's time goes on meanwhile. */
function* batches(result: ExactResult, rowsMax: number, limits: CallLimits): Iterable<Row[]> {
  let batch: Row[] = [];
  let bytes = 0;
  for (;;) {
    throwIfOver(limits);
    const rows = result.read(Math.min(sliceRows, rowsMax - batch.length));
    for (const row of rows) {
      const rowBytes = estimateBytes(row);
      requireSendable(rowBytes);
      if (batch.length > 0 && bytes + rowBytes > batchBytesMax) {
        yield batch;
        batch = [];
        bytes = 0;
      }
      batch.push(row);
      bytes += rowBytes;
    }
    if (batch.length >= rowsMax || (rows.length === 0 && batch.length > 0)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    if (rows.length === 0) return;
  }
}

function requireSendable(rowBytes: number): void {
  if (rowBytes <= answerBytesMax) return;
  throw rpcError(
    ErrorReason.RESULT_TOO_LARGE,
    'one row of the result has more bytes than a message may have',
    {
      metadata: { limit_bytes: String(answerBytesMax) },
    },
  );
}
