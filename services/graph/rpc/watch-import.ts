import type { MessageInitShape } from '@bufbuild/protobuf';
import type {
  WatchImportRequest,
  WatchImportResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import type { EngineGraph } from '../engine/engine-graph.ts';
import { requireGraph, toLimits } from './call.ts';
import { toCallError } from './errors.ts';
import { importTimeoutFactor } from './import-timeout.ts';

/** Tells how far an import is, until it is over. */
export async function* watchImport(
  graph: EngineGraph,
  request: WatchImportRequest,
  context: CallContext,
): AsyncIterable<MessageInitShape<typeof WatchImportResponseSchema>> {
  try {
    requireGraph(graph, request.graphId, context);
    const tier = { ...graph.tier, queryTimeoutMs: graph.tier.queryTimeoutMs * importTimeoutFactor };
    const limits = toLimits({ tier }, 0, context);
    for await (const { refusals, bytesReceived, ...state } of graph.imports.watch(request.importId, limits)) {
      const refusedRows = refusals.map((refusal) => ({ ...refusal }));
      yield { ...state, bytesReceived: BigInt(bytesReceived), refusedRows };
    }
  } catch (error) {
    throw toCallError(error);
  }
}
