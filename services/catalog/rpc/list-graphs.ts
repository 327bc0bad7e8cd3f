import type { CatalogService } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toGraph } from '../domain/graph-message.ts';
import { parsePageToken, toPageToken } from '../domain/page-token.ts';
import { invalidField } from '../errors.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';

const pageSizeDefault = 50;

/** A page of the graphs that the caller may know of, oldest first. */
export function listGraphs(graphs: SqlGraphStore): Handler<typeof CatalogService.method.listGraphs> {
  return async ({ pageSize, pageToken, parentGraphId }, context) => {
    const { organizationId, graphIds } = requirePrincipal(context);
    const after = pageToken === '' ? undefined : parsePageToken(pageToken);
    if (pageToken !== '' && !after) throw invalidField('page_token', 'is not one that ListGraphs gave');
    const size = pageSize || pageSizeDefault;
    const found = await graphs.list({ organizationId, graphIds, parentGraphId, after, limit: size + 1 });
    const page = found.slice(0, size);
    const last = page.at(-1);
    const nextPageToken = found.length > size && last ? toPageToken(last) : '';
    return { graphs: page.map(toGraph), nextPageToken };
  };
}
