/**
 * Whether it pays to keep a slot free for the next graph. It does from the first opening that had to wait for a slot
 * until the graph that was put to sleep for it is itself the next to be opened: then all that are in use have a slot.
 */
export class RoomAhead {
  #pays = false;
  #asleep: string | undefined;

  get pays(): boolean {
    return this.#pays;
  }

  /** An opening found no slot. */
  missed(): void {
    this.#pays = true;
  }

  /** A graph was put to sleep for the next one. */
  made(graphId: string): void {
    this.#asleep = graphId;
  }

  /** A graph that was not open is opened. */
  used(graphId: string): void {
    if (graphId === this.#asleep) this.#pays = false;
    this.#asleep = undefined;
  }
}
