/** A range of user ids that nobody else uses, ends included. */
export interface UidRange {
  readonly first: number;
  readonly last: number;
}

/** The largest user id that Linux has; the one above means "none". */
const uidMax = 2 ** 32 - 2;

/** Reads `first-last`. No range begins at 0: that is root. */
export function parseUidRange(text: string): UidRange {
  const [, first, last] = (/^(\d{1,10})-(\d{1,10})$/.exec(text) ?? []).map(Number);
  if (first && last && first <= last && last <= uidMax) return { first, last };
  throw new Error('must be a range of user ids such as 60706-61183');
}

export function uidCount({ first, last }: UidRange): number {
  return last - first + 1;
}

/**
 * Gives each engine process a user id of its own, so that the kernel keeps one from the files, the memory and the
 * signals of another. Every id rests for as long as possible before it is used again.
 */
export class EngineUids {
  readonly #free: number[];

  constructor(range: UidRange) {
    this.#free = Array.from({ length: uidCount(range) }, (_, index) => range.first + index);
  }

  take(): number {
    const uid = this.#free.shift();
    if (uid === undefined) throw new Error('there are more engine processes than user ids');
    return uid;
  }

  /** Only for an id of which no process and no file is left. */
  free(uid: number): void {
    this.#free.push(uid);
  }
}
