/** Two slots for each hash: two strings of a connection may well share one, three hardly ever do. */
const sets = 32;
/** Shorter strings are decoded as fast as they are found; longer ones would hold too much. */
const literalBytesMin = 4;
const literalBytesMax = 1_024;
/** After as many bytes the cache starts over. */
const keptBytesMax = 16_384;
/** Of the bytes, how many from the end on are hashed: paths, tokens and ids of one length differ there. */
const hashedBytesMax = 16;

/** A string as it was sent, and what became of it. */
export interface CachedLiteral {
  readonly isHuffman: boolean;
  readonly bytes: Uint8Array;
  readonly text: string;
  readonly isValidValue: boolean;
}

/**
 * The strings that one peer sends as literals again and again: nghttp2's encoder never indexes `:path`, and nobody
 * `authorization`. Bounded, and a collision only costs a decoding. A string is kept when it comes for the second time,
 * with at most one other of its hash in between: ids that never repeat leave nothing but their hash.
 */
export class LiteralCache {
  /** Of each set the newer slot, then the older. */
  readonly #literals: (CachedLiteral | undefined)[] = new Array(sets * 2);
  /** Hashes of strings that were not found, likewise. */
  readonly #hashes = new Int32Array(sets * 2);
  #slot = 0;
  #keptBytes = 0;
  /** Whether the string that `find` did not find should now be given to `keep`. */
  isRepeated = false;

  find(block: Buffer, start: number, end: number, isHuffman: boolean): CachedLiteral | undefined {
    this.isRepeated = false;
    if (end - start < literalBytesMin || end - start > literalBytesMax) return undefined;
    const hash = hashOf(block, start, end);
    const slot = ((hash ^ (hash >>> 16)) & (sets - 1)) * 2;
    for (let each = slot; each < slot + 2; each++) {
      const literal = this.#literals[each];
      if (literal === undefined || literal.isHuffman !== isHuffman) continue;
      if (isEqual(literal.bytes, block, start, end)) return literal;
    }
    this.#slot = slot;
    this.isRepeated = this.#hashes[slot] === hash || this.#hashes[slot + 1] === hash;
    if (!this.isRepeated) {
      this.#hashes[slot + 1] = this.#hashes[slot] as number;
      this.#hashes[slot] = hash;
    }
    return undefined;
  }

  /** What `find` last looked for. Its bytes are copied, for the block is a part of something larger. */
  keep(block: Buffer, start: number, end: number, literal: Omit<CachedLiteral, 'bytes'>): void {
    this.#keptBytes += end - start;
    if (this.#keptBytes > keptBytesMax) {
      this.#literals.fill(undefined);
      this.#keptBytes = end - start;
    }
    this.#literals[this.#slot + 1] = this.#literals[this.#slot];
    this.#literals[this.#slot] = { ...literal, bytes: new Uint8Array(block.subarray(start, end)) };
  }
}

function hashOf(block: Buffer, start: number, end: number): number {
  let hash = end - start;
  for (let at = Math.max(start, end - hashedBytesMax); at < end; at++) {
    hash = Math.imul(hash ^ (block[at] as number), 0x01000193);
  }
  return hash;
}

function isEqual(bytes: Uint8Array, block: Buffer, start: number, end: number): boolean {
  if (bytes.length !== end - start) return false;
  // From the end on, where strings that differ most often do.
  for (let at = bytes.length - 1; at >= 0; at--) {
    if (bytes[at] !== block[start + at]) return false;
  }
  return true;
}
