import type { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { graphAccess } from '../../mesh/policy/graph-access.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toGraph } from '../domain/graph-message.ts';
import { graphNotFound } from '../errors.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';

/** Describes a graph that the caller may know of. */
export function getGraph(graphs: SqlGraphStore): Handler<typeof CatalogService.method.getGraph> {
  return async ({ graphId }, context) => {
    const principal = requirePrincipal(context);
    const record = await graphs.find(graphId);
    if (!record || graphAccess(principal, record) === 'none') throw graphNotFound();
    return { graph: toGraph(record) };
  };
}
