/** Bytes of large answers in one turn, after which all of them wait. */
const turnBytes = 32 * 1024;

/** The next turn comes after this at the latest, whatever else the process is busy with. */
const turnMsMax = 40;

/** How long after a small answer large ones are kept to their share. */
const calmMs = 200;

/** How often it is looked whether the next turn has come. */
const lookMs = 2;

export interface BulkLaneOptions {
  /** What large answers may take together, in processors: 0.25 is a quarter of one. */
  readonly share: number;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  /** Processor time that the process has taken with all of its threads, in milliseconds. */
  readonly spentMs: () => number;
}

/** A large answer under way. */
export interface BulkAnswer {
  /** More of it may come. */
  goOn(): void;
}

/**
 * Keeps large answers to a share of a processor while small ones go out, too: a caller who asks for much costs himself
 * time and not others. What a turn costs is all that the process does until the next, on its way to JSON, in
 * compression and in collecting memory. First come, first served.
 */
export class BulkLane {
  readonly #options: BulkLaneOptions;
  readonly #waiting = new Set<BulkAnswer>();
  #lastSmallMs = Number.NEGATIVE_INFINITY;
  #turn: Turn | undefined;
  #look: NodeJS.Timeout | undefined;

  constructor(options: BulkLaneOptions) {
    this.#options = options;
  }

  /** A small answer is complete. */
  noteSmall(): void {
    this.#lastSmallMs = this.#options.now();
  }

  /** Bytes of a large answer came. False where it has to wait until it is told to go on. */
  take(bytes: number, answer: BulkAnswer): boolean {
    const { now, spentMs } = this.#options;
    const startedMs = now();
    if (this.#isCalm(startedMs)) return true;
    this.#turn ??= { startedMs, spentMs: spentMs(), bytesLeft: turnBytes };
    this.#turn.bytesLeft -= bytes;
    if (this.#turn.bytesLeft > 0) return true;
    this.#waiting.add(answer);
    this.#look ??= setInterval(() => this.#beginTurn(), lookMs);
    return false;
  }

  /** It waits no more. */
  leave(answer: BulkAnswer): void {
    this.#waiting.delete(answer);
  }

  #isCalm(nowMs: number): boolean {
    return nowMs - this.#lastSmallMs > calmMs;
  }

  #beginTurn(): void {
    if (this.#turn && !this.#isOver(this.#turn)) return;
    this.#turn = undefined;
    // Those that have to wait again on the way do so behind the others.
    for (const answer of [...this.#waiting]) {
      if (!this.#hasRoom()) return;
      if (this.#waiting.delete(answer)) answer.goOn();
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#look);
    this.#look = undefined;
  }

  #hasRoom(): boolean {
    return this.#turn === undefined || this.#turn.bytesLeft > 0;
  }

  #isOver(turn: Turn): boolean {
    const { now, spentMs, share } = this.#options;
    const nowMs = now();
    const passedMs = nowMs - turn.startedMs;
    return this.#isCalm(nowMs) || passedMs >= Math.min(turnMsMax, (spentMs() - turn.spentMs) / share);
  }
}

interface Turn {
  readonly startedMs: number;
  /** What the process had taken by then. */
  readonly spentMs: number;
  bytesLeft: number;
}
