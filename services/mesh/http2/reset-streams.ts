const idsMax = 1_000;

/** The ids of streams that we reset lately: the peer may not know yet, and frames of theirs are ignored. */
export class ResetStreams {
  #ids: Set<number> | undefined;

  add(streamId: number): void {
    this.#ids ??= new Set();
    this.#ids.add(streamId);
    if (this.#ids.size <= idsMax) return;
    const [oldest] = this.#ids;
    this.#ids.delete(oldest as number);
  }

  /** `isLast`: the peer will send nothing more there. */
  has(streamId: number, isLast: boolean): boolean {
    if (!this.#ids?.has(streamId)) return false;
    if (isLast) this.#ids.delete(streamId);
    return true;
  }
}
