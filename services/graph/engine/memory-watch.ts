/** How often the memory of the process is looked at. */
const intervalMs = 100;

/** How long a process that is to be careful counts as short of memory after its start. */
const carefulMs = 10_000;

export interface MemoryWatchOptions {
  /** More than this the process may not have. */
  readonly bytesMax: number;
  /** With more than this it is short of memory. */
  readonly tightBytes: number;
  /** Whether it counts as short of memory at first. */
  readonly isCareful: boolean;
  /** Hears once that it has more than it may. */
  readonly onTooMuch: () => void;
  readonly memory?: () => number;
}

/**
 * Looks at the memory of the process. The engine's buffer pool does not bound what a statement takes (tried on
 * 0.11.3: `collect` over 20 million rows took 2.6 GB with a pool of 256 MB), what it took it keeps for others, and
 * nothing can interrupt a statement, so only the process's end saves the neighbours.
 */
export class MemoryWatch {
  readonly #options: MemoryWatchOptions;
  readonly #timer: NodeJS.Timeout;
  readonly #startMs = performance.now();
  #bytes: number;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    this.#bytes = this.#measure();
    this.#timer = setInterval(() => this.#look(), intervalMs);
    this.#timer.unref();
  }

  /** True where it is short of memory. */
  get isTight(): boolean {
    return this.holdsMuch || (this.#options.isCareful && performance.now() - this.#startMs < carefulMs);
  }

  /** True where it has so much that little is left, whether it needs it or not. */
  get holdsMuch(): boolean {
    return this.#bytes > this.#options.tightBytes;
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    this.#bytes = this.#measure();
    if (this.#bytes <= this.#options.bytesMax) return;
    this.close();
    this.#options.onTooMuch();
  }

  #measure(): number {
    return (this.#options.memory ?? process.memoryUsage.rss)();
  }
}
