/** What a fake engine does; where nothing is said it opens and closes as it should. */
export interface FakeEngineScript {
  /** The first so many processes end before they open. */
  readonly failures?: number;
  /** It has a call under way from the start. */
  readonly isBusy?: boolean;
  readonly onOpen?: 'fail' | 'hang';
  readonly onClose?: 'hang';
  /** Written to standard output. */
  readonly output?: string;
}
