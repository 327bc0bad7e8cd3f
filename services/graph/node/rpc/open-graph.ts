import type { GraphNodeService } from '../../../../gen/trellis/graph/v1/placement_pb.js';
import type { Handler } from '../../../mesh/rpc/service.ts';
import { openingEnded } from '../errors.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** Answers when the graph is served. The opening goes on where the caller gives up. */
export function openGraph(supervisor: Supervisor): Handler<typeof GraphNodeService.method.openGraph> {
  return async ({ graphId, organizationId, repository, tier, epoch }, { signal }) => {
    const givenUp = Promise.withResolvers<never>();
    const giveUp = () => givenUp.reject(openingEnded());
    signal.addEventListener('abort', giveUp, { once: true });
    try {
      const opening = supervisor.open({ graphId, organizationId, repository, tier, epoch });
      return await Promise.race([opening, givenUp.promise]);
    } finally {
      signal.removeEventListener('abort', giveUp);
    }
  };
}
