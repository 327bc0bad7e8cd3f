/** Keys that a set has at most, in 32 MiB. */
const keysMax = 2 ** 21;
const firstKeys = 2 ** 10;

/** Places that are tried for one key. Some hundred happen; so many only to who knows how places are chosen. */
const probesMax = 4_096;

/** Keys side by side stay side by side, so that looking up keys that come in order stays within a cache line. */
const runBits = 3;

/** Different 64-bit integers, in a table of open addressing; 0 marks a free place. Gives up where there are too many. */
export class KeySet {
  readonly #seed: number;
  #places = new Int32Array(4 * firstKeys);
  #shift = shiftFor(2 * firstKeys);
  #size = 0;
  #hasZero = false;
  #hasGivenUp = false;

  /** `seed` chooses the places of keys: where it is not known, keys cannot be made to meet in one. */
  constructor(seed = Math.random()) {
    this.#seed = Math.floor(seed * 2 ** 32) | 0;
  }

  /** How many there are; undefined where it has given up. */
  get size(): number | undefined {
    return this.#hasGivenUp ? undefined : this.#size + (this.#hasZero ? 1 : 0);
  }

  /** Adds integers, eight bytes each, as Parquet has them. */
  add(bytes: Buffer): void {
    const words = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
    let places = this.#places;
    for (let at = 0; at < words.length; at += 2) {
      const [low, high] = [words[at] as number, words[at + 1] as number];
      const place = placeOf(low, high, this.#seed, this.#shift);
      // Nearly all of them are there, in their own place.
      if (places[place] === low && places[place + 1] === high && (low | high) !== 0) continue;
      if (this.#hasGivenUp) return;
      if ((low | high) === 0) this.#hasZero = true;
      else this.#put(low, high, place);
      places = this.#places;
    }
  }

  /** The integers, eight bytes each, in no order. */
  *runs(): Iterable<Buffer> {
    if (this.#hasZero) yield Buffer.alloc(8);
    const places = this.#places;
    for (let at = 0; at < places.length; at += 2) {
      if (((places[at] as number) | (places[at + 1] as number)) === 0) continue;
      const start = at;
      while (((places[at] as number) | (places[at + 1] as number)) !== 0 && at < places.length) at += 2;
      yield Buffer.from(places.buffer, places.byteOffset + 4 * start, 4 * (at - start));
    }
  }

  #put(low: number, high: number, place: number): void {
    const places = this.#places;
    const last = places.length - 1;
    let at = place;
    for (let probes = 0; probes < probesMax; probes += 1) {
      const [lowThere, highThere] = [places[at] as number, places[at + 1] as number];
      if (lowThere === low && highThere === high) return;
      if ((lowThere | highThere) === 0) {
        places[at] = low;
        places[at + 1] = high;
        this.#size += 1;
        if (4 * this.#size > places.length) this.#grow();
        return;
      }
      at = (at + 2) & last;
    }
    this.#giveUp();
  }

  #grow(): void {
    if (this.#size >= keysMax) {
      this.#giveUp();
      return;
    }
    const before = this.#places;
    this.#places = new Int32Array(2 * before.length);
    this.#shift = shiftFor(before.length);
    this.#size = 0;
    for (let at = 0; at < before.length; at += 2) {
      const [low, high] = [before[at] as number, before[at + 1] as number];
      if ((low | high) !== 0) this.#put(low, high, placeOf(low, high, this.#seed, this.#shift));
    }
  }

  #giveUp(): void {
    this.#hasGivenUp = true;
    this.#places = new Int32Array(0);
  }
}

/** Where a key is looked for first: MurmurHash3's last steps, on both halves. */
function placeOf(low: number, high: number, seed: number, shift: number): number {
  let hash = Math.imul(high ^ seed, 0x85ebca6b);
  hash = (hash ^ (hash >>> 13)) + (low >>> runBits);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  const run = (hash ^ (hash >>> 16)) >>> shift;
  return ((run << runBits) | (low & ((1 << runBits) - 1))) << 1;
}

/** What leaves as many of a hash's upper bits as number the runs of so many places. */
function shiftFor(places: number): number {
  return 32 - Math.log2(places >> runBits);
}
