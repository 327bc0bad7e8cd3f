/** Rows that are JSON already. Stand where the list of them would be, in messages that are only written. */
export class WrittenRows {
  /** An array of arrays. */
  readonly json: string;

  constructor(json: string) {
    this.json = json;
  }
}
