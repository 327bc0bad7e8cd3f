import { ChunkQueue } from './chunk-queue.ts';
import type { Fields } from './stream.ts';

/** What arrived in a stream while nobody read it: heads, data, and then the end. */
export class HeldInput {
  readonly heads: Fields[] = [];
  readonly data = new ChunkQueue();
  /** Trailers, or what stands for an end by data. */
  end: Fields | 'data' | undefined;

  get isEmpty(): boolean {
    return this.heads.length === 0 && this.data.bytes === 0 && this.end === undefined;
  }
}
