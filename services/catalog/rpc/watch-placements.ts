import type { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { placementFeed } from '../placement/placement-feed.ts';
import type { PlacementView } from '../placement/placement-view.ts';

/** By the contract. */
const heartbeatMs = 5_000;
/** Keeps a message far below the limit of 4 MiB. */
const batchMax = 1_000;

export interface WatchPlacementsDeps {
  readonly view: PlacementView;
  readonly clock: Clock;
  readonly watchPendingMax: number;
}

/** Sends all placements, then their changes, until the caller ends the call. */
export function watchPlacements(
  deps: WatchPlacementsDeps,
): Handler<typeof PlacementService.method.watchPlacements> {
  const options = { heartbeatMs, batchMax, pendingMax: deps.watchPendingMax };
  return (_, { signal }) => placementFeed(deps.view, deps.clock, options, signal);
}
