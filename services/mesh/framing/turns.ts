/** Runs at most `atOnceMax` tasks at a time; the others wait their turn, first come, first served. */
export class Turns {
  readonly #atOnceMax: number;
  readonly #waiting: (() => void)[] = [];
  #running = 0;

  constructor(atOnceMax: number) {
    this.#atOnceMax = atOnceMax;
  }

  async run<T>(task: () => Promise<T>): Promise<T> {
    if (this.#running < this.#atOnceMax) this.#running++;
    else await new Promise<void>((resolve) => this.#waiting.push(resolve));
    try {
      return await task();
    } finally {
      // The turn passes on to who waits longest, so that nobody who comes now gets in between.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
