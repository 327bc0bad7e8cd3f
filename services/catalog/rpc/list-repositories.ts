import type { RepositoryService } from '../../../gen/trellis/graph/v1/repository_pb.js';
import type { TierTable } from '../../mesh/plan/tier-table.ts';
import { requirePrincipal } from '../../mesh/rpc/context.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toRepository } from '../domain/graph-message.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';

export interface ListRepositoriesDeps {
  readonly graphs: SqlGraphStore;
  readonly tiers: TierTable;
}

/** The repositories that have a graph; which of them are subscribed to is in the caller's principal. */
export function listRepositories({
  graphs,
  tiers,
}: ListRepositoriesDeps): Handler<typeof RepositoryService.method.listRepositories> {
  return async (_, context) => {
    const principal = requirePrincipal(context);
    const records = await graphs.repositories();
    return {
      repositories: records.map((record) =>
        toRepository(record, tiers.findRepository(record.repository), principal),
      ),
    };
  };
}
