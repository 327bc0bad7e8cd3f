import { type BoundService, isStream } from '../../mesh/rpc/service.ts';

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
  const ended = () => changed(-1);
  const untilEnd = async function* <T>(responses: AsyncIterable<T>) {
    changed(1);
    try {
      yield* responses;
    } finally {
      ended();
    }
  };
  const methods = service.methods.map(({ desc, handle }) => ({
    desc,
    handle: (...call: Parameters<typeof handle>) => {
      const output = handle(...call);
      if (isStream(output)) return untilEnd(output);
      changed(1);
      void output.then(ended, ended);
      return output;
    },
  }));
  return { desc: service.desc, methods };
}
