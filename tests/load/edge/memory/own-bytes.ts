import type { EdgeMemory } from './edge-probe.ts';

/** What the edge's own objects take, without what the system lets it keep in reserve. */
export function ownBytesOf({ heapBytes, externalBytes }: EdgeMemory): number {
  return heapBytes + externalBytes;
}
