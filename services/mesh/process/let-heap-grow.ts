import { setFlagsFromString } from 'node:v8';

/** How far the heap may grow beyond what lives in it before V8 looks through all of it again, in per cent. */
const growthPercent = 100;

/**
 * Keeps V8 from looking through the whole heap for every 10 MB that pass a socket: it counts the bytes of buffers as
 * growth of the heap, and lets that grow by some per cent where the program makes few objects. That took 60 % of the
 * processor time of an edge, and half of an engine's, while an upload came in. To be called before other code is
 * loaded: what was compiled ahead is for one set of V8's flags.
 */
export function letHeapGrow(): void {
  setFlagsFromString(`--heap-growing-percent=${growthPercent}`);
}
