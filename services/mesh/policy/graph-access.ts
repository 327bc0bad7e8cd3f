import type { Principal } from '../../../gen/trellis/iam/v1/principal_pb.js';

/** A graph, as far as access to it goes. */
export interface AccessedGraph {
  readonly graphId: string;
  readonly organizationId: string;
  /** The graph that it is a subgraph of; empty where it is none. */
  readonly parentGraphId: string;
  /** The public name of a shared repository; empty for any other graph. */
  readonly repository: string;
}

/**
 * What a principal may do with a graph at most: `own`, what its permissions say; `read`, no more than read, as a
 * subscriber of a shared repository; `none`, not even know of it. All of it follows from the principal and the graph,
 * so that an edge decides it from memory.
 */
export type GraphAccess = 'own' | 'read' | 'none';

/** The access that the organization of a principal has, by ownership or subscription. */
export function organizationAccess(
  { organizationId, repositories }: Principal,
  graph: Pick<AccessedGraph, 'organizationId' | 'repository'>,
): GraphAccess {
  if (organizationId === graph.organizationId) return 'own';
  return graph.repository !== '' && repositories.includes(graph.repository) ? 'read' : 'none';
}

/** The access of a principal. A credential that is restricted to graphs is good for their subgraphs too. */
export function graphAccess(principal: Principal, graph: AccessedGraph): GraphAccess {
  const { graphIds } = principal;
  const isWithin =
    graphIds.length === 0 ||
    [graph.graphId, graph.parentGraphId, graph.repository].some((id) => id !== '' && graphIds.includes(id));
  return isWithin ? organizationAccess(principal, graph) : 'none';
}
