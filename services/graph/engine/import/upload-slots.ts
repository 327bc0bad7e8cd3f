import { EngineFailure } from '../engine-failure.ts';

/** Uploads of a graph at a time; each takes disk. */
const uploadsMax = 4;

/** Lets so many uploads be on disk at a time. */
export class UploadSlots {
  #taken = 0;

  async hold<T>(work: () => Promise<T>): Promise<T> {
    if (this.#taken >= uploadsMax) {
      throw new EngineFailure('busy', 'too many imports of the graph are under way');
    }
    this.#taken += 1;
    try {
      return await work();
    } finally {
      this.#taken -= 1;
    }
  }
}
