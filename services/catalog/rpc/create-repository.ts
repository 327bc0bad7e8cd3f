import type { RepositoryService } from '../../../gen/trellis/graph/v1/repository_pb.js';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toRepository } from '../domain/graph-message.ts';
import { repositoryExists, repositoryNotFound, tierNotOffered } from '../errors.ts';
import type { GraphCreator } from '../placement/graph-creator.ts';

const tierId = 'shared';

export interface CreateRepositoryDeps {
  readonly creator: GraphCreator;
  readonly tiers: TierTable;
}

/** Creates the graph of a repository for the organization of the operator who asks. */
export function createRepository({
  creator,
  tiers,
}: CreateRepositoryDeps): Handler<typeof RepositoryService.method.createRepository> {
  return async ({ repository: name }, context) => {
    const principal = requirePrincipal(context);
    const repository = tiers.findRepository(name);
    if (!repository) throw repositoryNotFound(name);
    if (!tiers.findTier(tierId)) throw tierNotOffered(tierId, tiers.environment);
    const { organizationId } = principal;
    const { displayName } = repository;
    const fresh = { organizationId, displayName, tier: tierId, parentGraphId: '', repository: name };
    const creation = await creator.create(fresh, { kind: 'repository' });
    if (creation.kind !== 'opened') throw repositoryExists(name);
    return { repository: toRepository(creation.graph, repository, principal) };
  };
}
