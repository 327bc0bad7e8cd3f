import type { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import type { GraphRemover } from '../placement/graph-remover.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';
import { requireOwnGraph } from './own-graph.ts';

export interface DeleteGraphDeps {
  readonly graphs: SqlGraphStore;
  readonly remover: GraphRemover;
}

/** Ends a graph: edges hear of it at once; its files go now or, where its node is away, when the node is back. */
export function deleteGraph(deps: DeleteGraphDeps): Handler<typeof CatalogService.method.deleteGraph> {
  return async ({ graphId }, context) => {
    const principal = requirePrincipal(context);
    const record = requireOwnGraph(principal, await deps.graphs.find(graphId), 'GRAPH_ADMIN');
    await deps.remover.delete(record.graphId);
    return {};
  };
}
