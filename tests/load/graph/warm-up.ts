import { askOnce, load } from './load.ts';
import type { Asked } from './requests.ts';

/**
 * Calls after which the code on their way is compiled: a point query takes the edge 300,000 instructions at first,
 * 170,000 after 15,000 calls and 115,000 after 30,000, and no fewer from then on.
 */
const callsWanted = 30_000;
const secondsAtATime = 1;

/** Makes calls of each kind until nothing gets faster by being called. The engine itself is compiled already. */
export async function warmUp(port: number, kinds: readonly Asked[]): Promise<void> {
  for (const asked of kinds) {
    const { length } = await askOnce(asked, port);
    for (let calls = 0; calls < callsWanted; ) {
      calls += (await load(asked, port, length, secondsAtATime)).count;
    }
  }
}
