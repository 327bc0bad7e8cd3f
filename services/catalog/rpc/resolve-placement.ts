import type { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Clock } from '../../mesh/process/clock.ts';
import type { Handler } from '../../mesh/rpc/service.ts';
import { toPlacement } from '../domain/graph-message.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { graphNotActive, graphNotFound, isNodeAway, unavailable } from '../errors.ts';
import type { GraphOpener } from '../placement/graph-opener.ts';
import type { PlacementView } from '../placement/placement-view.ts';
import type { SqlGraphStore } from '../store/graph-store.ts';

/** A node that comes back may change nothing about a graph that was closed before: look again after this time. */
const lookAgainMs = 250;

export interface ResolvePlacementDeps {
  readonly graphs: SqlGraphStore;
  readonly view: PlacementView;
  readonly opener: GraphOpener;
  readonly clock: Clock;
  /** How long to wait for an engine process that restarts, or for a node that is away. */
  readonly restartWaitMs: number;
}

/** Answers with an endpoint, by id or public name: that of an open graph, or after waking one that sleeps, or after a restart. */
export function resolvePlacement(
  deps: ResolvePlacementDeps,
): Handler<typeof PlacementService.method.resolvePlacement> {
  const { graphs, view, opener, clock, restartWaitMs } = deps;
  return async ({ graphId, unreachableEndpoint }, { signal }) => {
    const giveUpMs = clock.now() + restartWaitMs;
    let reason = unavailable("the graph's engine restarts");
    for (;;) {
      const record = view.get(graphId) ?? (await graphs.find(graphId));
      if (!record) throw graphNotFound();
      view.apply(record);
      if (record.stage !== 'ready') throw graphNotActive(record.stage);
      const { isOpen, endpoint } = record;
      if (isOpen && endpoint !== '' && endpoint !== unreachableEndpoint)
        return { placement: toPlacement(record) };
      const opening = opener.underWay(record.graphId) ?? (isOpen ? undefined : opener.open(record));
      try {
        if (opening) return { placement: toPlacement(await unlessAborted(opening, signal)) };
      } catch (error) {
        if (!isNodeAway(error)) throw error;
        reason = error;
      }
      const waitMs = Math.min(giveUpMs - clock.now(), lookAgainMs);
      if (waitMs <= 0 || signal.aborted) throw reason;
      await nextChange(view, record, clock, waitMs, signal);
    }
  };
}

/** Waits until the view has another record of the graph, the time is over or the signal aborts. */
async function nextChange(
  view: PlacementView,
  { graphId }: GraphRecord,
  clock: Clock,
  waitMs: number,
  signal: AbortSignal,
): Promise<void> {
  const changed = new AbortController();
  const end = () => changed.abort();
  const unfollow = view.follow((placement) => {
    if (placement.graphId === graphId) end();
  });
  signal.addEventListener('abort', end, { once: true });
  await clock.sleep(waitMs, changed.signal);
  signal.removeEventListener('abort', end);
  unfollow();
}

/** The work's result, unless the caller gives up before; the work goes on then. */
function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const giveUp = () => reject(unavailable('the caller gave up'));
    if (signal.aborted) giveUp();
    signal.addEventListener('abort', giveUp, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', giveUp));
  });
}
