/** A row of an upload that cannot be loaded. */
export interface RowRefusal {
  /** The line on which it begins, from 1; in Parquet the number of the row. */
  readonly line: number;
  /** The column, where one is to blame. */
  readonly column: string;
  readonly reason: string;
}

/** Rows that a report names. */
export const refusalsMax = 100;

/** Some rows of an upload cannot be loaded, so none is. */
export class RowsRefused extends Error {
  override readonly name = 'RowsRefused';
  /** The first of them, at most {@link refusalsMax}. */
  readonly refusals: readonly RowRefusal[];

  constructor(refusals: readonly RowRefusal[]) {
    super('rows of the upload cannot be loaded');
    this.refusals = refusals;
  }
}

/** Collects what is wrong with an upload while it is read. */
export class RefusalList {
  readonly refusals: RowRefusal[] = [];

  get isEmpty(): boolean {
    return this.refusals.length === 0;
  }

  /** Throws RowsRefused once there are as many as a report names. */
  add(line: number, column: string, reason: string): void {
    this.refusals.push({ line, column, reason });
    if (this.refusals.length >= refusalsMax) this.throwIfAny();
  }

  throwIfAny(): void {
    if (!this.isEmpty) throw new RowsRefused(this.refusals);
  }
}
