/** Keys are smaller than this: a bit for each is 32 MiB. */
export const keysEnd = 2 ** 28;
const firstWords = 2 ** 10;
const runKeys = 2 ** 13;

/**
 * Different integers, a bit for each from 0 on: nodes are numbered without large gaps as a rule. Gives up where a key is
 * beyond that.
 */
export class KeySet {
  #words = new Int32Array(firstWords);
  #size = 0;
  #hasGivenUp = false;

  /** How many there are; undefined where it has given up. */
  get size(): number | undefined {
    return this.#hasGivenUp ? undefined : this.#size;
  }

  /** Adds integers, eight bytes each, as Parquet has them. */
  add(bytes: Buffer): void {
    const keys = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    let words = this.#words;
    let size = this.#size;
    for (let at = 0; at < keys.length && !this.#hasGivenUp; at += 2) {
      const key = keys[at] as number;
      if (keys[at + 1] !== 0 || key < 0 || key >>> 5 >= words.length) words = this.#grow(key, keys[at + 1]);
      const word = words[key >>> 5] as number;
      const bit = 1 << (key & 31);
      if ((word & bit) !== 0) continue;
      words[key >>> 5] = word | bit;
      size += 1;
    }
    this.#size = size;
  }

  /** The integers in their order, eight bytes each, in pieces that are valid until the next one. */
  *runs(): Iterable<Buffer> {
    const run = new Int32Array(2 * runKeys);
    let length = 0;
    for (const [index, word] of this.#words.entries()) {
      for (let rest = word; rest !== 0; rest &= rest - 1) {
        run[length] = (index << 5) | (31 - Math.clz32(rest & -rest));
        length += 2;
        if (length < run.length) continue;
        yield Buffer.from(run.buffer);
        length = 0;
      }
    }
    yield Buffer.from(run.buffer, 0, 4 * length);
  }

  #grow(key: number, upperHalf: number | undefined): Int32Array<ArrayBuffer> {
    if (upperHalf !== 0 || key < 0 || key >= keysEnd) {
      this.#hasGivenUp = true;
      this.#words = new Int32Array(0);
    } else {
      const grown = new Int32Array(2 ** Math.ceil(Math.log2((key >>> 5) + 1)));
      grown.set(this.#words);
      this.#words = grown;
    }
    return this.#words;
  }
}
