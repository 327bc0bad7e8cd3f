const firstBytes = 512 * 2 ** 10;

/**
 * What came and was not read yet, in one piece. All of an upload goes through the same room: memory of its own for every
 * chunk has V8 collect garbage all the time, which cost as much as reading the rows.
 */
export class UnreadBytes {
  #room = Buffer.allocUnsafe(firstBytes);
  #start = 0;
  #end = 0;

  get length(): number {
    return this.#end - this.#start;
  }

  /** The bytes, valid until the next `push`. */
  get bytes(): Buffer {
    return this.#room.subarray(this.#start, this.#end);
  }

  /** Adds a copy of a chunk. */
  push(chunk: Uint8Array): void {
    if (this.#end + chunk.byteLength > this.#room.length) this.#makeRoom(this.length + chunk.byteLength);
    this.#room.set(chunk, this.#end);
    this.#end += chunk.byteLength;
  }

  /** Tells that so many bytes at the beginning were read. */
  drop(bytes: number): void {
    this.#start += bytes;
  }

  #makeRoom(needed: number): void {
    const { bytes } = this;
    if (needed > this.#room.length) this.#room = Buffer.allocUnsafe(Math.max(needed, 2 * this.#room.length));
    this.#room.set(bytes);
    this.#start = 0;
    this.#end = bytes.length;
  }
}
