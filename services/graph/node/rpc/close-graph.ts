import type { GraphNodeService } from '../../../../gen/trellis/graph/v1/placement_pb.js';
import type { Handler } from '../../../mesh/rpc/service.ts';
import type { Supervisor } from '../supervisor/supervisor.ts';

/** Answers when no process has the graph open and, where asked, its files are gone. */
export function closeGraph(supervisor: Supervisor): Handler<typeof GraphNodeService.method.closeGraph> {
  return async (request) => {
    await supervisor.close(request.graphId, request.delete);
    return {};
  };
}
