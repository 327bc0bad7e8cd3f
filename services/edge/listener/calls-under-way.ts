/** Counts the calls whose answers are not complete, and the HTTP/2 connections that go away. */
export class CallsUnderWay {
  #count = 0;
  #whenNone: (() => void) | undefined;

  begin(): void {
    this.#count++;
  }

  /** An answer is complete, or cut off. */
  end(): void {
    this.#count--;
    if (this.#count === 0) this.#whenNone?.();
  }

  /** Resolves when there is none, or when the time is up. */
  none(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      if (this.#count === 0) return resolve();
      const timer = setTimeout(resolve, timeoutMs);
      this.#whenNone = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
