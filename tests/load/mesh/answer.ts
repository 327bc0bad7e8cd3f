import type { Fields, StreamListener } from '../../../services/mesh/http2/stream.ts';

/** Hears one call's answer, which is to be a good one. */
export class Answer implements StreamListener {
  readonly #onEnd: () => void;
  readonly #onFailure: (error: Error) => void;
  #isAnswered = false;

  constructor(onEnd: () => void, onFailure: (error: Error) => void) {
    this.#onEnd = onEnd;
    this.#onFailure = onFailure;
  }

  onFields(fields: Fields, isLast: boolean): void {
    if (!isLast) return;
    const status = fields[fields.indexOf('grpc-status') + 1];
    if (status !== '0' || !this.#isAnswered) this.#onFailure(new Error(`the answer is ${fields.join(' ')}`));
    else this.#onEnd();
  }

  onData(): void {
    this.#isAnswered = true;
  }

  onEnd(): void {
    this.#onFailure(new Error('an answer without a status'));
  }

  onReset(code: number): void {
    this.#onFailure(new Error(`a call was reset with ${code}`));
  }

  onDrain(): void {}
}
