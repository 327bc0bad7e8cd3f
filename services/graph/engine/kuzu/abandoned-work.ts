const intervalMs = 250;

export interface AbandonedWorkOptions<Lane> {
  /** How long work may go on that nobody waits for. */
  readonly graceMs: number;
  /** Whether work in this lane, longer than its grace, has to end now. */
  readonly mustEnd: (lane: Lane) => boolean;
  readonly onMustEnd: () => void;
}

/** Follows statements whose callers left: the engine cannot interrupt them, only its process can be replaced. */
export class AbandonedWork<Lane> {
  readonly #options: AbandonedWorkOptions<Lane>;
  readonly #since = new Map<object, readonly [number, Lane]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: AbandonedWorkOptions<Lane>) {
    this.#options = options;
  }

  /** Follows work until it has ended. */
  follow(lane: Lane, ended: Promise<unknown>): void {
    const key = {};
    this.#since.set(key, [performance.now(), lane]);
    this.#timer ??= setInterval(() => this.#check(), intervalMs).unref();
    void ended.then(() => {
      this.#since.delete(key);
      if (this.#since.size === 0) this.stop();
    });
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #check(): void {
    const { graceMs, mustEnd, onMustEnd } = this.#options;
    const nowMs = performance.now();
    for (const [sinceMs, lane] of this.#since.values()) {
      if (nowMs - sinceMs < graceMs || !mustEnd(lane)) continue;
      this.stop();
      onMustEnd();
      return;
    }
  }
}
