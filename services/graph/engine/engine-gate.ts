import { onOver } from './call-watch.ts';
import { EngineFailure } from './engine-failure.ts';
import type { CallLimits } from './graph-engine.ts';

/** Gives back what was entered. Safe to call again. */
export type Release = () => void;

export type Lane = 'read' | 'write' | 'alone';

/** Somebody in a line, who is let in with what he needs there. */
export interface Waiter<T> {
  readonly lane: Lane;
  readonly enter: (admission: T) => void;
  /** Also takes him out of the line. */
  readonly refuse: (failure: EngineFailure) => void;
}

/** How many may wait. */
export interface GateBounds {
  readonly readsWaitingMax: number;
  readonly writesWaitingMax: number;
}

/**
 * Who may be in the engine: any number of reads, beside them at most one write, or one alone. Each lane is first
 * come, first served; while one waits to be alone, nobody new comes in.
 */
export class EngineGate {
  readonly #waiting: Waiter<Release>[] = [];
  readonly #bounds: GateBounds;
  #reads = 0;
  #isWriting = false;
  #isAlone = false;

  constructor(bounds: GateBounds) {
    this.#bounds = bounds;
  }

  /** True while nobody is in and nobody waits. */
  get isIdle(): boolean {
    return this.#isFree('alone') && this.#waiting.length === 0;
  }

  /** True while somebody waits for whoever is in this lane to leave. */
  isWaitedFor(lane: Lane): boolean {
    return this.#waiting.some(
      (waiter) => waiter.lane === 'alone' || (lane !== 'read' && waiter.lane !== 'read'),
    );
  }

  /** Turns away those who wait to write. */
  refuseWrites(failure: EngineFailure): void {
    refuseWriters(this.#waiting, failure);
  }

  /** Waits for a place in a lane. Throws EngineFailure: busy, timeout or cancelled. */
  async enter(lane: Lane, limits: CallLimits): Promise<Release> {
    throwIfOver(limits);
    const release = this.tryEnter(lane);
    if (release) return release;
    const waiting = this.#waiting.filter((waiter) => (waiter.lane === 'read') === (lane === 'read')).length;
    if (waiting >= (lane === 'read' ? this.#bounds.readsWaitingMax : this.#bounds.writesWaitingMax)) {
      throw new EngineFailure('busy', 'too many calls wait for the graph already');
    }
    return waitIn(this.#waiting, lane, limits, () => this.#next());
  }

  /** Enters a lane where nobody has to be waited for. */
  tryEnter(lane: Lane): Release | undefined {
    return this.#isFree(lane) && !this.#mustWait(lane) ? this.#admit(lane) : undefined;
  }

  /** Enters alone where nobody is in and nobody waits. */
  tryEnterAlone(): Release | undefined {
    return this.isIdle ? this.#admit('alone') : undefined;
  }

  #isFree(lane: Lane): boolean {
    if (this.#isAlone) return false;
    if (lane === 'read') return true;
    return !this.#isWriting && (lane === 'write' || this.#reads === 0);
  }

  #mustWait(lane: Lane): boolean {
    if (this.#waiting.length === 0) return false;
    return this.#waiting.some((waiter) => waiter.lane === lane || waiter.lane === 'alone');
  }

  #admit(lane: Lane): Release {
    if (lane === 'read') this.#reads += 1;
    else if (lane === 'write') this.#isWriting = true;
    else this.#isAlone = true;
    let isIn = true;
    return () => {
      if (!isIn) return;
      isIn = false;
      if (lane === 'read') this.#reads -= 1;
      else if (lane === 'write') this.#isWriting = false;
      else this.#isAlone = false;
      this.#next();
    };
  }

  #next(): void {
    for (let at = 0; at < this.#waiting.length; ) {
      const waiter = this.#waiting[at];
      if (!waiter) return;
      if (this.#isFree(waiter.lane)) {
        this.#waiting.splice(at, 1);
        waiter.enter(this.#admit(waiter.lane));
      } else if (waiter.lane === 'alone') {
        return;
      } else {
        at += 1;
      }
    }
  }
}

/** Stands in a line until let in. Throws what the waiter is refused with, timeout or cancelled among it. */
export function waitIn<T>(
  line: Waiter<T>[],
  lane: Lane,
  limits: CallLimits,
  onRefused: () => void = () => {},
): Promise<T> {
  return new Promise((resolve, reject) => {
    const waiter: Waiter<T> = {
      lane,
      enter: (admission) => {
        stop();
        resolve(admission);
      },
      refuse: (failure) => {
        stop();
        line.splice(line.indexOf(waiter), 1);
        onRefused();
        reject(failure);
      },
    };
    const stop = onOver(limits, () => waiter.refuse(overFailure(limits)));
    line.push(waiter);
  });
}

/** Turns away those in a line who wait to write. */
export function refuseWriters<T>(line: readonly Waiter<T>[], failure: EngineFailure): void {
  for (const waiter of line.filter(({ lane }) => lane !== 'read')) waiter.refuse(failure);
}

/** The failure of a call whose time is over. */
export function overFailure({ signal }: CallLimits): EngineFailure {
  return signal.aborted
    ? new EngineFailure('cancelled', 'the caller gave up')
    : new EngineFailure('timeout', "the call's time is over");
}

/** Throws where a caller's time is over. */
export function throwIfOver(limits: CallLimits): void {
  if (limits.signal.aborted || Date.now() >= limits.deadlineMs) throw overFailure(limits);
}
