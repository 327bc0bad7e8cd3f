import { EngineFailure } from './engine-failure.ts';
import { type Lane, refuseWriters, type Waiter, waitIn } from './engine-gate.ts';
import type { CallLimits } from './graph-engine.ts';

/** How often is looked again while somebody waits, beside the moments that tell: memory and results say nothing. */
const lookMs = 50;

export interface MemoryTurnstileOptions {
  readonly waitingMax: number;
  /** True where the process is short of memory. */
  readonly isTight: () => boolean;
  /** Results that have not been read to their end, each of them in memory. */
  readonly openResults: () => number;
}

/**
 * Lets statements start: any number, and where memory is short one at a time, and none beside results that are still
 * read. First come, first served.
 */
export class MemoryTurnstile {
  readonly #options: MemoryTurnstileOptions;
  readonly #waiting: Waiter<void>[] = [];
  #inside = 0;
  #look: NodeJS.Timeout | undefined;

  constructor(options: MemoryTurnstileOptions) {
    this.#options = options;
  }

  /** True while somebody waits for others to leave. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  /** Goes in where nobody has to be waited for. */
  tryEnter(): boolean {
    if (this.#waiting.length > 0 || !this.#hasRoom()) return false;
    this.#inside += 1;
    return true;
  }

  /** Waits until it may go in. Throws EngineFailure: busy, timeout or cancelled. */
  async enter(lane: Lane, limits: CallLimits): Promise<void> {
    if (this.tryEnter()) return;
    if (this.#waiting.length >= this.#options.waitingMax) {
      throw new EngineFailure('busy', 'too many calls wait for memory already');
    }
    this.#look ??= setInterval(() => this.#next(), lookMs);
    await waitIn(this.#waiting, lane, limits);
  }

  leave(): void {
    this.#inside -= 1;
    this.#next();
  }

  /** Turns away those who wait to write. */
  refuseWrites(failure: EngineFailure): void {
    refuseWriters(this.#waiting, failure);
  }

  #hasRoom(): boolean {
    const { isTight, openResults } = this.#options;
    return !isTight() || (this.#inside === 0 && openResults() === 0);
  }

  #next(): void {
    while (this.#waiting.length > 0 && this.#hasRoom()) {
      this.#inside += 1;
      this.#waiting.shift()?.enter();
    }
    if (this.#waiting.length > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }
}
