/** What a fake engine does; where nothing is said it opens and closes as it should. */
export interface FakeEngineScript {
  /** The first so many processes end before they open. */
  readonly failures?: number;
  /** It has a call under way from the start. */
  readonly isBusy?: boolean;
  readonly onOpen?: 'fail' | 'fail-damaged' | 'hang';
  readonly onClose?: 'hang';
  /** It has a call when it is asked to sleep, of which it has not told. */
  readonly onSleep?: 'busy';
  /** It lives and answers nothing. */
  readonly onPing?: 'hang';
  /** Written to standard output. */
  readonly output?: string;
}
