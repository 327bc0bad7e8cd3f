const windowMs = 1_000;

/** Tells what happens more often in a second than it may. */
export class RateGuard {
  readonly #perSecondMax: number;
  #count = 0;
  #windowBeganMs = 0;

  constructor(perSecondMax: number) {
    this.#perSecondMax = perSecondMax;
  }

  /** It happened; true where that was too often. */
  isTooMuch(nowMs = performance.now()): boolean {
    if (nowMs - this.#windowBeganMs >= windowMs) {
      this.#windowBeganMs = nowMs;
      this.#count = 0;
    }
    this.#count++;
    return this.#count > this.#perSecondMax;
  }
}
