/** What ends at a deadline. */
export interface Expiring {
  expire(): void;
}

/** Longer timers would fire at once. */
const timerMsMax = 2 ** 31 - 1;

/**
 * Ends calls at their deadlines, with one timer for all of them: nearly every call is over long before, and a timer of
 * its own would cost it more than all else that is done for its deadline.
 */
export class DeadlineWatch {
  /** When each one ends, in milliseconds since the epoch. */
  readonly #deadlines = new Map<Expiring, number>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #dueMs = Number.POSITIVE_INFINITY;

  add(call: Expiring, deadlineMs: number): void {
    this.#deadlines.set(call, deadlineMs);
    if (deadlineMs < this.#dueMs) this.#arm(deadlineMs);
  }

  delete(call: Expiring): void {
    this.#deadlines.delete(call);
  }

  #arm(dueMs: number): void {
    clearTimeout(this.#timer);
    this.#dueMs = dueMs;
    const leftMs = Math.min(Math.max(1, Math.ceil(dueMs - Date.now())), timerMsMax);
    this.#timer = setTimeout(() => this.#look(), leftMs).unref();
  }

  /** Ends those whose time is up, and waits for the next one. */
  #look(): void {
    const nowMs = Date.now();
    this.#dueMs = Number.POSITIVE_INFINITY;
    let nextMs = this.#dueMs;
    for (const [call, deadlineMs] of this.#deadlines) {
      if (deadlineMs > nowMs) {
        nextMs = Math.min(nextMs, deadlineMs);
        continue;
      }
      this.#deadlines.delete(call);
      call.expire();
    }
    if (nextMs < this.#dueMs) this.#arm(nextMs);
  }
}
