import { ConnectionError, errorCode } from './frame.ts';

const budgetMax = 10_000;
const budgetAtFirst = 1_000;
const perSecond = 100;
const perUsefulFrame = 10;
/** One more frame is allowed for as much data: a peer with little memory grants little at a time. */
const bytesShift = 8;

/**
 * Counts frames that cost their sender next to nothing and carry no call on: PING, SETTINGS, PRIORITY, WINDOW_UPDATE,
 * RST_STREAM, empty DATA, whatever is answered by a reset. Frames with content, in either direction, and time allow for
 * more of them.
 */
export class IdleFrames {
  readonly #clock: () => number;
  #budget = budgetAtFirst;
  #sinceMs: number;

  /** The clock tells milliseconds. */
  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
    this.#sinceMs = clock();
  }

  /** A frame with content came. */
  allow(): void {
    if (this.#budget < budgetMax) this.#budget += perUsefulFrame;
  }

  /** Data was sent: the peer will grant room for more, frame by frame if it likes. `isWhole`: not what room was left for. */
  allowAnswers(bytes: number, isWhole: boolean): void {
    if (this.#budget < budgetMax) this.#budget += (isWhole ? perUsefulFrame : 0) + (bytes >>> bytesShift);
  }

  /** Throws ConnectionError with ENHANCE_YOUR_CALM for a flood. */
  count(): void {
    this.#budget--;
    if (this.#budget >= 0) return;
    const nowMs = this.#clock();
    this.#budget += Math.min(budgetMax, Math.floor(((nowMs - this.#sinceMs) / 1_000) * perSecond));
    this.#sinceMs = nowMs;
    if (this.#budget < 0)
      throw new ConnectionError(errorCode.enhanceYourCalm, 'too many frames without content');
  }
}
