import { CatalogService } from '../../gen/trellis/graph/v1/catalog_pb.js';
import { PlacementService } from '../../gen/trellis/graph/v1/placement_pb.js';
import { RepositoryService } from '../../gen/trellis/graph/v1/repository_pb.js';
import { type BoundService, bindService } from '../mesh/rpc/service.ts';
import { type CreateGraphDeps, createGraph } from './rpc/create-graph.ts';
import { type CreateRepositoryDeps, createRepository } from './rpc/create-repository.ts';
import { type DeleteGraphDeps, deleteGraph } from './rpc/delete-graph.ts';
import { getGraph } from './rpc/get-graph.ts';
import { listGraphs } from './rpc/list-graphs.ts';
import { type ListRepositoriesDeps, listRepositories } from './rpc/list-repositories.ts';
import { type RegisterNodeDeps, registerNode } from './rpc/register-node.ts';
import { type ResolvePlacementDeps, resolvePlacement } from './rpc/resolve-placement.ts';
import { type WatchPlacementsDeps, watchPlacements } from './rpc/watch-placements.ts';

export type RouteDeps = CreateGraphDeps &
  CreateRepositoryDeps &
  ListRepositoriesDeps &
  DeleteGraphDeps &
  ResolvePlacementDeps &
  WatchPlacementsDeps &
  RegisterNodeDeps;

/** What the catalog serves. */
export function createRoutes(deps: RouteDeps): readonly BoundService[] {
  return [
    bindService(CatalogService, {
      createGraph: createGraph(deps),
      getGraph: getGraph(deps.graphs),
      listGraphs: listGraphs(deps.graphs),
      deleteGraph: deleteGraph(deps),
    }),
    bindService(RepositoryService, {
      createRepository: createRepository(deps),
      listRepositories: listRepositories(deps),
    }),
    bindService(PlacementService, {
      resolvePlacement: resolvePlacement(deps),
      watchPlacements: watchPlacements(deps),
      registerNode: registerNode(deps),
    }),
  ];
}
