/** The signs of life that the peer was asked for. */
export class Pings {
  readonly #waiting = new Map<number, () => void>();
  #count = 0;

  /** The payload of the PING that asks. */
  begin(onAnswer: () => void): Buffer {
    const id = ++this.#count;
    this.#waiting.set(id, onAnswer);
    const payload = Buffer.alloc(8);
    payload.writeUIntBE(id, 2, 6);
    return payload;
  }

  /** Takes an answer; false where nobody waits for it. */
  end(payload: Buffer): boolean {
    const id = payload.readUIntBE(2, 6);
    const onAnswer = this.#waiting.get(id);
    this.#waiting.delete(id);
    onAnswer?.();
    return onAnswer !== undefined;
  }

  clear(): void {
    this.#waiting.clear();
  }
}
