/** What all rows of a batch hold; undefined where the batch is absent. */
export type BatchState = number | undefined;

/** What a call's answer says of its write. */
export type WriteOutcome = 'acknowledged' | 'refused' | 'unknown';

/** A row as it was found: the batch it belongs to, its place in it, what it holds. */
export interface FoundRow {
  readonly id: number;
  readonly batch: number;
  readonly value: number;
}

/**
 * What a table has to hold after all that was answered. Each write changes one batch of rows in one statement, so a
 * batch is there with all its rows or with none, and all hold the same.
 */
export class Ledger {
  readonly rowsPerBatch: number;
  /** The states that a batch may be in: several after writes whose outcome nobody knows. */
  readonly #states = new Map<number, readonly BatchState[]>();
  readonly #busy = new Set<number>();

  constructor(rowsPerBatch: number) {
    this.rowsPerBatch = rowsPerBatch;
  }

  /** The ids of a batch's rows. */
  idsOf(batch: number): number[] {
    return Array.from({ length: this.rowsPerBatch }, (_, index) => batch * this.rowsPerBatch + index);
  }

  /** Batches that are certainly there and that nobody writes to. */
  settled(): number[] {
    return [...this.#states].flatMap(([batch, states]) => {
      const isSettled = states.length === 1 && states[0] !== undefined && !this.#busy.has(batch);
      return isSettled ? [batch] : [];
    });
  }

  /** Batches that may be in more than one state. */
  get unknown(): number {
    return [...this.#states.values()].filter((states) => states.length > 1).length;
  }

  /** The one state of a batch that is settled. */
  stateOf(batch: number): BatchState {
    return this.#states.get(batch)?.[0];
  }

  /** True where a batch may be as it was found. Batches under way may be in any state. */
  allows(batch: number, state: BatchState): boolean {
    if (this.#busy.has(batch)) return true;
    return (this.#states.get(batch) ?? [undefined]).includes(state);
  }

  /** Runs a write that brings a batch to a state, and remembers what came of it. */
  async write(batch: number, state: BatchState, run: () => Promise<WriteOutcome>): Promise<WriteOutcome> {
    const before = this.#states.get(batch) ?? [undefined];
    this.#busy.add(batch);
    try {
      const outcome = await run();
      if (outcome === 'acknowledged') this.#states.set(batch, [state]);
      if (outcome === 'unknown') this.#states.set(batch, [...new Set([...before, state])]);
      return outcome;
    } finally {
      this.#busy.delete(batch);
    }
  }

  /** Holds all rows of the table against what was answered; returns what is wrong. Settles what was not known. */
  verify(rows: readonly FoundRow[], name: string): string[] {
    const wrong: string[] = [];
    const found = this.#byBatch(rows, name, wrong);
    for (const batch of new Set([...this.#states.keys(), ...found.keys()])) {
      const state = found.get(batch);
      if (!this.allows(batch, state)) {
        const states = this.#states.get(batch) ?? [undefined];
        wrong.push(`${name}: batch ${batch} is ${tell(state)}, and was answered as ${states.map(tell)}`);
      }
      this.#states.set(batch, [state]);
    }
    return wrong;
  }

  /** Holds rows that were read while others write against what may be; returns what is wrong. */
  verifyWhole(rows: readonly FoundRow[], name: string): string[] {
    const wrong: string[] = [];
    this.#byBatch(rows, name, wrong);
    return wrong;
  }

  #byBatch(rows: readonly FoundRow[], name: string, wrong: string[]): Map<number, number> {
    const ids = new Set<number>();
    const batches = new Map<number, number[]>();
    for (const { id, batch, value } of rows) {
      if (ids.has(id)) wrong.push(`${name}: row ${id} is there twice`);
      ids.add(id);
      if (Math.floor(id / this.rowsPerBatch) !== batch) wrong.push(`${name}: row ${id} is of batch ${batch}`);
      batches.set(batch, [...(batches.get(batch) ?? []), value]);
    }
    const states = new Map<number, number>();
    for (const [batch, values] of batches) {
      if (values.length !== this.rowsPerBatch || new Set(values).size !== 1) {
        wrong.push(`${name}: batch ${batch} is not whole: its rows hold ${values}`);
      }
      states.set(batch, values[0] ?? Number.NaN);
    }
    return states;
  }
}

function tell(state: BatchState): string {
  return state === undefined ? 'absent' : `there with ${state}`;
}
