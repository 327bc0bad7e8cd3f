import type { Clock } from '../../../mesh/process/clock.ts';
import { noSlot, openingEnded } from '../errors.ts';

/** Graphs that may wait for a slot at a time. */
const waitingMax = 1_000;

export interface SlotsOptions {
  readonly slots: number;
  /** How long a graph waits for one. */
  readonly slotWaitMs: number;
  readonly clock: Clock;
  /** Somebody waits: could one be freed? */
  readonly onWanted: () => void;
}

interface Waiter {
  readonly resolve: () => void;
}

/** The engine processes that a node may have for graphs, given out first come, first served. */
export class Slots {
  readonly #options: SlotsOptions;
  readonly #waiters = new Set<Waiter>();
  #taken = 0;

  constructor(options: SlotsOptions) {
    this.#options = options;
  }

  /** True where the next graph need not wait. */
  get isFree(): boolean {
    return this.#taken < this.#options.slots && this.#waiters.size === 0;
  }

  /** Graphs that wait. */
  get waiting(): number {
    return this.#waiters.size;
  }

  /** Takes a slot, when there is one. Throws NO_CAPACITY after the time, UNAVAILABLE where the signal ends the wait. */
  async acquire(signal: AbortSignal): Promise<void> {
    const { slots, slotWaitMs, clock, onWanted } = this.#options;
    if (signal.aborted) throw openingEnded();
    if (this.isFree) {
      this.#taken += 1;
      return;
    }
    if (this.#waiters.size >= waitingMax) throw noSlot(slots);
    const isOver = new AbortController();
    const end = () => isOver.abort();
    let hasSlot = false;
    const waiter = {
      resolve: () => {
        hasSlot = true;
        end();
      },
    };
    this.#waiters.add(waiter);
    signal.addEventListener('abort', end, { once: true });
    onWanted();
    await clock.sleep(slotWaitMs, isOver.signal);
    signal.removeEventListener('abort', end);
    this.#waiters.delete(waiter);
    if (hasSlot) return;
    throw signal.aborted ? openingEnded() : noSlot(slots);
  }

  /** Gives a slot back; who waits for longest has it now. */
  release(): void {
    const [next] = this.#waiters;
    if (!next) {
      this.#taken -= 1;
      return;
    }
    this.#waiters.delete(next);
    next.resolve();
  }
}
