import type { BoundService } from '../../mesh/rpc/service.ts';

/** The daemon decides by seconds which graph is idle; telling it of each call would cost more than the call. */
const intervalMs = 250;

/** Calls under way, at any moment. */
export interface CallCount {
  underWay: number;
}

/**
 * The same service, counting its calls in `calls` and telling how many are under way: at once when it was quiet, then
 * at most every 250 ms, and a last time after the last call.
 */
export function watchCalls(
  service: BoundService,
  calls: CallCount,
  onActivity: (callsUnderWay: number) => void,
): BoundService {
  let hasNews = false;
  let timer: NodeJS.Timeout | undefined;
  const tell = () => {
    timer = undefined;
    if (!hasNews) return;
    hasNews = false;
    onActivity(calls.underWay);
    timer = setTimeout(tell, intervalMs).unref();
  };
  const changed = (by: number) => {
    calls.underWay += by;
    hasNews = true;
    if (!timer) tell();
  };
  const methods = service.methods.map(({ desc, run }) => ({
    desc,
    run: async function* (...call: Parameters<typeof run>) {
      changed(1);
      try {
        yield* run(...call);
      } finally {
        changed(-1);
      }
    },
  }));
  return { desc: service.desc, methods };
}
