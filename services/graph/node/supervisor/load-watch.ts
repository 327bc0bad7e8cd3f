import { processorMsOf } from '../../../mesh/process/processor-time.ts';
import { canYield, countInFull, countLess, unlessGone } from './scheduling.ts';

const lookMs = 250;

/** Processors that an engine takes from one look to the next: from here on it gives way to others. */
const busyShare = 0.25;

/** With less it counts in full again, if it stays so. */
const calmShare = 0.125;

/** Looks in a row, one second. So one that gives way and gets nothing at all has its turn, too. */
const calmLooks = 4;

export interface LoadWatchOptions {
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Processor time that a process has taken with all of its threads, in milliseconds; undefined where it is gone. */
  readonly spentMs: (pid: number) => number | undefined;
}

interface Watched {
  readonly pid: number;
  spentMs: number;
  givesWay: boolean;
  calmLooks: number;
}

/**
 * Has engines that take much processor time give way to those that take little: who asks for much waits for himself.
 * The only one gives way to nobody, since a low priority costs it some of its speed. Nothing happens where a priority
 * could not be given back.
 */
export class LoadWatch {
  readonly #options: LoadWatchOptions;
  readonly #engines = new Map<number, Watched>();
  #lookedMs = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LoadWatchOptions = { now: () => performance.now(), spentMs: readSpentMs }) {
    this.#options = options;
  }

  /** From here on it is watched. */
  add(pid: number): void {
    if (!canYield) return;
    const spentMs = this.#options.spentMs(pid);
    if (spentMs === undefined) return;
    this.#engines.set(pid, { pid, spentMs, givesWay: false, calmLooks: 0 });
    if (this.#timer) return;
    this.#lookedMs = this.#options.now();
    this.#timer = setInterval(() => this.look(), lookMs);
    this.#timer.unref();
  }

  /** It ended. Does nothing where it is not watched. */
  remove(pid: number): void {
    this.#engines.delete(pid);
    if (this.#engines.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Looks what each took since the last look. Called by its own timer. */
  look(): void {
    const { now, spentMs } = this.#options;
    const nowMs = now();
    const passedMs = nowMs - this.#lookedMs;
    this.#lookedMs = nowMs;
    for (const engine of this.#engines.values()) {
      const before = engine.spentMs;
      engine.spentMs = spentMs(engine.pid) ?? before;
      judge(engine, (engine.spentMs - before) / passedMs, this.#engines.size === 1);
    }
  }
}

function judge(engine: Watched, share: number, isOnly: boolean): void {
  engine.calmLooks = share < calmShare ? engine.calmLooks + 1 : 0;
  if (!engine.givesWay && !isOnly && share >= busyShare) {
    engine.givesWay = true;
    countLess(engine.pid);
  } else if (engine.givesWay && (isOnly || engine.calmLooks >= calmLooks)) {
    engine.givesWay = false;
    countInFull(engine.pid);
  }
}

function readSpentMs(pid: number): number | undefined {
  return unlessGone(() => processorMsOf(pid));
}
