import { ConnectionError, errorCode } from './frame.ts';

const budgetMax = 10_000;
const budgetAtFirst = 1_000;
const perSecond = 100;
const perUsefulFrame = 10;

/**
 * Counts frames that cost their sender next to nothing and carry no call on: PING, SETTINGS, PRIORITY, WINDOW_UPDATE,
 * RST_STREAM, empty DATA. Frames with content, and time, allow for more of them.
 */
export class IdleFrames {
  #budget = budgetAtFirst;
  #sinceMs = performance.now();

  /** A frame with content came. */
  refill(): void {
    if (this.#budget < budgetMax) this.#budget += perUsefulFrame;
  }

  /** Throws ConnectionError with ENHANCE_YOUR_CALM for a flood. */
  count(): void {
    this.#budget--;
    if (this.#budget >= 0) return;
    const nowMs = performance.now();
    this.#budget += Math.min(budgetMax, Math.floor(((nowMs - this.#sinceMs) / 1_000) * perSecond));
    this.#sinceMs = nowMs;
    if (this.#budget < 0)
      throw new ConnectionError(errorCode.enhanceYourCalm, 'too many frames without content');
  }
}
