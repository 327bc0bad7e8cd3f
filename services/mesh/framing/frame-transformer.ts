import { type RpcError, toRpcError } from '../rpc/error.ts';
import { EnvelopeReader } from './envelope-reader.ts';

/** What becomes of a message: bytes that are framed again, or nothing. */
export type Transformed = Buffer | undefined;

export interface FrameTransformerOptions {
  /** How long a payload may be before it is transformed. */
  readonly messageBytesMax: number;
  /** Makes of one message what goes out in its place. Called for one after the other, never for two at a time. */
  readonly transform: (flags: number, payload: Buffer) => Transformed | Promise<Transformed>;
  readonly onFrame: (bytes: Buffer) => void;
  /** The stream has ended and all of it is out. */
  readonly onEnd: () => void;
  /** The stream is broken, or `transform` failed. Nothing comes after it. */
  readonly onError: (error: RpcError) => void;
  /** After `push` said false: there is room again. */
  readonly onSpace?: () => void;
}

/** What may wait behind a transform under way, before the source should be held back. */
const waitingBytesMax = 64 * 1024;
/** What a waiting chunk costs beside its bytes: who sends one byte at a time must not hold more than others. */
const chunkOverheadBytes = 256;

/**
 * A pipe that changes framed messages, in order. As long as `transform` gives no promise, all that a chunk completes is
 * out when `push` returns.
 */
export class FrameTransformer {
  readonly #options: FrameTransformerOptions;
  readonly #reader: EnvelopeReader;
  /** A message is being transformed or handed out; what is pushed now waits. */
  #isBusy = false;
  #isPaused = false;
  #isEnding = false;
  #isOver = false;
  #owesSpace = false;

  constructor(options: FrameTransformerOptions) {
    this.#options = options;
    this.#reader = new EnvelopeReader(options.messageBytesMax);
  }

  /** So much waits that the source should be held back. */
  get isFull(): boolean {
    const { unreadBytes, unreadChunks } = this.#reader;
    return !this.#isOver && unreadBytes + unreadChunks * chunkOverheadBytes > waitingBytesMax;
  }

  /** Takes a chunk, cut anywhere; false: hold the source back until `onSpace`. */
  push(chunk: Buffer): boolean {
    if (this.#isOver || this.#isEnding) return true;
    this.#reader.push(chunk);
    this.#run();
    this.#owesSpace = this.isFull;
    return !this.#owesSpace;
  }

  /** No more will be pushed. */
  end(): void {
    this.#isEnding = true;
    this.#run();
  }

  /** Begins with no further message, while who takes the frames is slow: a few bytes may inflate to many. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    this.#isPaused = false;
    this.#run();
  }

  /** Stops for good, without a word: the call is over. */
  close(): void {
    this.#isOver = true;
  }

  #run(): void {
    if (this.#isBusy) return;
    this.#isBusy = true;
    let isDrained = false;
    while (!this.#isOver && !this.#isPaused) {
      let transformed: Transformed | Promise<Transformed>;
      try {
        const envelope = this.#reader.next();
        isDrained = envelope === undefined;
        if (!envelope) break;
        transformed = this.#options.transform(envelope.flags, envelope.payload);
      } catch (error) {
        this.#fail(error);
        break;
      }
      if (transformed instanceof Promise) {
        transformed.then(this.#onSettled, this.#onRejected);
        this.#tellSpace();
        return;
      }
      this.#emit(transformed);
    }
    this.#isBusy = false;
    if (isDrained && this.#isEnding) this.#finish();
    // Here too: the reader may have taken in the beginning of a message that was in the way.
    else this.#tellSpace();
  }

  readonly #onSettled = (transformed: Transformed): void => {
    this.#emit(transformed);
    this.#isBusy = false;
    this.#run();
  };

  readonly #onRejected = (error: unknown): void => {
    this.#fail(error);
  };

  #emit(transformed: Transformed): void {
    if (this.#isOver) return;
    if (transformed) this.#options.onFrame(transformed);
    this.#tellSpace();
  }

  #tellSpace(): void {
    if (!this.#owesSpace || this.#isOver || this.isFull) return;
    this.#owesSpace = false;
    this.#options.onSpace?.();
  }

  #finish(): void {
    if (this.#isOver) return;
    try {
      this.#reader.end();
    } catch (error) {
      this.#fail(error);
      return;
    }
    this.#isOver = true;
    this.#options.onEnd();
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#options.onError(toRpcError(error));
  }
}
