import { stat, statfs } from 'node:fs/promises';
import { EngineFailure } from '../engine-failure.ts';

/** What a graph may have on disk. */
export interface StorageBounds {
  /** The database file and its log, without the pages that are free in the file. */
  readonly storageBytesMax: number;
  /** What stays free on the volume: deleting needs room, too. */
  readonly volumeBytesFreeMin: number;
}

/** How old figures may be: asking the file system costs more than a small write. */
const freshMs = 500;

/**
 * Bytes of the file that a byte of the log may become: seen were 2, for long texts take room in powers of two. Without
 * so much room a log can be neither emptied nor, the process having ended, replayed: the graph would not open.
 */
const fileBytesPerLogByte = 3;

/** Knows how much room a graph has left, by its files and its volume. */
export class StorageWatch {
  readonly #path: string;
  readonly #bounds: StorageBounds;
  #measuredMs = Number.NEGATIVE_INFINITY;
  #measuring: Promise<void> | undefined;
  #fileBytes = 0;
  #logBytes = 0;
  #reusableBytes = 0;
  /** When it was measured, as the size of the log was. */
  #volumeFreeBytes = Number.POSITIVE_INFINITY;
  #logBytesMeasured = 0;

  constructor(databasePath: string, bounds: StorageBounds) {
    this.#path = databasePath;
    this.#bounds = bounds;
  }

  get usedBytes(): number {
    return Math.max(0, this.#fileBytes - this.#reusableBytes) + this.#logBytes;
  }

  get fileBytes(): number {
    return this.#fileBytes;
  }

  get logBytes(): number {
    return this.#logBytes;
  }

  /** True where nothing may be added. */
  get isFull(): boolean {
    return this.#failure(0) !== undefined;
  }

  /** True where the volume has room for the copy of the file that is kept, and for what the log adds to the file. */
  get mayCheckpoint(): boolean {
    return this.#freeBytes > this.#fileBytes;
  }

  /** What is free on the volume once the log is in the file. */
  get #freeBytes(): number {
    const logged = Math.max(0, this.#logBytes - this.#logBytesMeasured);
    return this.#volumeFreeBytes - logged - fileBytesPerLogByte * this.#logBytes;
  }

  /** The file does not shrink; a checkpoint leaves so much of it to be written again. */
  setReusable(bytes: number): void {
    this.#reusableBytes = bytes;
  }

  /**
   * Throws EngineFailure: storage, where the graph has no room for so many bytes more. Without a number it goes by
   * figures that may be half a second old.
   */
  async require(bytes: number): Promise<void> {
    const isStale = performance.now() - this.#measuredMs > freshMs;
    if (bytes > 0) await this.measure();
    else if (isStale) void this.measure();
    let failure = this.#failure(bytes);
    if (failure && isStale && bytes === 0) {
      await this.measure();
      failure = this.#failure(bytes);
    }
    if (failure) throw failure;
  }

  /** Asks for the size of the log alone. */
  async measureLog(): Promise<void> {
    this.#logBytes = await sizeOf(`${this.#path}.wal`);
  }

  /** Asks the file system. Never rejects: a graph without figures is not full. */
  measure(): Promise<void> {
    this.#measuring ??= this.#measure().finally(() => {
      this.#measuring = undefined;
    });
    return this.#measuring;
  }

  async #measure(): Promise<void> {
    this.#fileBytes = await sizeOf(this.#path);
    this.#logBytes = await sizeOf(`${this.#path}.wal`);
    this.#volumeFreeBytes = await statfs(this.#path).then(
      ({ bavail, bsize }) => bavail * bsize,
      () => Number.POSITIVE_INFINITY,
    );
    this.#logBytesMeasured = this.#logBytes;
    this.#measuredMs = performance.now();
  }

  #failure(bytes: number): EngineFailure | undefined {
    const { storageBytesMax, volumeBytesFreeMin } = this.#bounds;
    if (this.usedBytes + bytes > storageBytesMax) {
      const facts = { limit_bytes: String(storageBytesMax), used_bytes: String(this.usedBytes) };
      return new EngineFailure('storage', 'the graph has as much on disk as it may; delete first', facts);
    }
    if (this.#freeBytes - bytes >= volumeBytesFreeMin) return undefined;
    return new EngineFailure('storage', "the disk of the graph's node is full");
  }
}

function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}
