/** How often the memory of the process is looked at. */
const intervalMs = 100;

/** How long a process that is to be careful counts as short of memory after its start. */
const carefulMs = 10_000;

/** Before this age no process is renewed for its memory: a graph that needs much is not renewed again and again. */
const renewalAgeMs = 60_000;

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
 * Looks at the memory of the process. The engine's buffer pool does not bound what a statement takes (tried on 0.11.3:
 * `RETURN size(range(1, 10000000))` took more than 1.6 GB with a pool of 512 MiB), and nothing can interrupt a
 * statement, so only the process's end saves the neighbours.
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
    return this.#holdsMuch || (this.#options.isCareful && this.#ageMs < carefulMs);
  }

  /** True where a new process would need less, most likely: what statements took stays with the process. */
  get mayRenew(): boolean {
    return this.#holdsMuch && this.#ageMs >= renewalAgeMs;
  }

  get #holdsMuch(): boolean {
    return this.#bytes > this.#options.tightBytes;
  }

  get #ageMs(): number {
    return performance.now() - this.#startMs;
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
