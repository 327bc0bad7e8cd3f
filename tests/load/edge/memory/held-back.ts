import { setImmediate as turn } from 'node:timers/promises';
import type { Upstream } from './upstream.ts';

const stillRoundTrips = 40;

/**
 * Resolves when nothing moves any more: a count has not changed while everybody answered many times over. Gives up when
 * the count is beyond what is allowed anyway.
 */
export async function untilStill(
  upstream: Upstream,
  ping: () => Promise<unknown>,
  count: () => number,
  countMax: number,
): Promise<number> {
  let last = -1;
  for (let still = 0; still < stillRoundTrips; ) {
    await Promise.all([upstream.ping(), ping()]);
    await turn();
    const now = count();
    if (now > countMax) break;
    still = now === last && now > 0 ? still + 1 : 0;
    last = now;
  }
  return count();
}
