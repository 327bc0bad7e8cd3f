/** Runs one piece of work per key at a time; whoever asks meanwhile waits for the same. */
export class SingleFlight<T> {
  readonly #flights = new Map<string, Promise<T>>();

  /** The work under way for the key, if any. */
  get(key: string): Promise<T> | undefined {
    return this.#flights.get(key);
  }

  run(key: string, work: () => Promise<T>): Promise<T> {
    const known = this.#flights.get(key);
    if (known) return known;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}
