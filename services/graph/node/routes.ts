import { GraphNodeService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { type BoundService, bindService } from '../../mesh/rpc/service.ts';
import { closeGraph } from './rpc/close-graph.ts';
import { openGraph } from './rpc/open-graph.ts';
import type { Supervisor } from './supervisor/supervisor.ts';

/** What a graph node's daemon serves. */
export function createRoutes(supervisor: Supervisor): readonly BoundService[] {
  return [
    bindService(GraphNodeService, {
      openGraph: openGraph(supervisor),
      closeGraph: closeGraph(supervisor),
    }),
  ];
}
