import { ConnectionError, errorCode, windowBytesDefault } from './frame.ts';

/** What the peer may send in all streams of a connection together. */
export class ReceiveWindow {
  readonly #bytesMax: number;
  #receivedBytes = 0;
  #creditBytes = 0;

  /** Nobody can grant less than the default, which is what the peer begins with. */
  constructor(bytesMax: number) {
    this.#bytesMax = Math.max(bytesMax, windowBytesDefault);
  }

  /** What the peer is to be granted at first beyond the default. */
  get firstCreditBytes(): number {
    return this.#bytesMax - windowBytesDefault;
  }

  /** Data came. Throws ConnectionError for more than was granted. */
  receive(bytes: number): void {
    this.#receivedBytes += bytes;
    if (this.#receivedBytes <= this.#bytesMax) return;
    throw new ConnectionError(errorCode.flowControlError, 'more data than the connection has room for');
  }

  /** Data was done with; returns what to grant the peer for that now: nothing, or much at a time. */
  credit(bytes: number): number {
    this.#creditBytes += bytes;
    if (this.#creditBytes * 2 < this.#bytesMax) return 0;
    const credit = this.#creditBytes;
    this.#receivedBytes -= credit;
    this.#creditBytes = 0;
    return credit;
  }
}
