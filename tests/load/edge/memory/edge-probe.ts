/** Loaded into the edge's process before the edge itself: tells the parent process, when asked, what it holds. */
import { setImmediate as turn } from 'node:timers/promises';

/** What the edge holds after a garbage collection. */
export interface EdgeMemory {
  readonly rssBytes: number;
  readonly heapBytes: number;
  /** Buffers, and what else lies outside of the JavaScript heap. */
  readonly externalBytes: number;
  /** What keeps the process alive, by type: sockets, timers, … */
  readonly resources: Readonly<Record<string, number>>;
}

process.on('message', async (question) => {
  if (question !== 'memory') return;
  // What the first collection finalizes, the second one frees.
  for (let i = 0; i < 3; i++) {
    globalThis.gc?.();
    await turn();
  }
  const { rss, heapUsed, external } = process.memoryUsage();
  const resources: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) resources[type] = (resources[type] ?? 0) + 1;
  const answer: EdgeMemory = { rssBytes: rss, heapBytes: heapUsed, externalBytes: external, resources };
  process.send?.(answer);
});
