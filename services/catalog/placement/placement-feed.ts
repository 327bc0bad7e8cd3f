import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import { unavailable } from '../errors.ts';
import type { PlacementView } from './placement-view.ts';

export interface FeedOptions {
  readonly heartbeatMs: number;
  /** Placements in one message. */
  readonly batchMax: number;
  /** Changes that may wait for a slow watcher; of several changes of a graph only the latest waits. */
  readonly pendingMax: number;
}

/** What a watcher is sent next. */
export interface FeedMessage {
  readonly placements: Placement[];
  readonly snapshotComplete: boolean;
}

/**
 * The snapshot in batches, then changes as they happen and heartbeats while nothing does, until the signal aborts.
 * A watcher that lets more than `pendingMax` changes pile up is ended with UNAVAILABLE: it must start again.
 */
export async function* placementFeed(
  view: PlacementView,
  clock: Clock,
  options: FeedOptions,
  signal: AbortSignal,
): AsyncIterable<FeedMessage> {
  const pending = new Map<string, Placement>();
  let wake = new AbortController();
  let isTooSlow = false;
  const unfollow = view.follow((placement) => {
    pending.set(placement.graphId, placement);
    if (pending.size > options.pendingMax) {
      isTooSlow = true;
      pending.clear();
      unfollow();
    }
    wake.abort();
  });
  const takePending = () => {
    if (isTooSlow) throw unavailable('the watcher does not keep up; it must start again');
    const placements = [...pending.values()];
    pending.clear();
    return placements;
  };
  const endSleep = () => wake.abort();
  signal.addEventListener('abort', endSleep);
  try {
    yield* inBatches(view.placements(), options.batchMax, true);
    while (!signal.aborted) {
      wake = new AbortController();
      if (pending.size === 0 && !isTooSlow) await clock.sleep(options.heartbeatMs, wake.signal);
      if (signal.aborted) return;
      yield* inBatches(takePending(), options.batchMax, false);
    }
  } finally {
    unfollow();
    signal.removeEventListener('abort', endSleep);
  }
}

/** At least one message; the last one of a snapshot says so. */
function* inBatches(
  placements: readonly Placement[],
  batchMax: number,
  isSnapshot: boolean,
): Iterable<FeedMessage> {
  for (let start = 0; start === 0 || start < placements.length; start += batchMax) {
    const batch = placements.slice(start, start + batchMax);
    yield { placements: batch, snapshotComplete: isSnapshot && start + batchMax >= placements.length };
  }
}
