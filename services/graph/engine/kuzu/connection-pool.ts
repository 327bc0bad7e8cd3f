import { EngineFailure } from '../engine-failure.ts';
import { onOver, overFailure } from '../engine-gate.ts';
import type { CallLimits } from '../graph-engine.ts';
import type { KuzuConnection } from './kuzu-connection.ts';

/** Lends connections, one user at a time each. */
export class ConnectionPool {
  readonly #open: () => Promise<KuzuConnection>;
  readonly #sizeMax: number;
  readonly #waitingMax: number;
  readonly #idle: KuzuConnection[] = [];
  readonly #waiting: (() => void)[] = [];
  #size = 0;

  constructor(open: () => Promise<KuzuConnection>, sizeMax: number, waitingMax: number) {
    this.#open = open;
    this.#sizeMax = sizeMax;
    this.#waitingMax = waitingMax;
  }

  /** True while somebody waits for a connection. */
  get isWaitedFor(): boolean {
    return this.#waiting.length > 0;
  }

  /** Waits for a connection. Throws EngineFailure: busy, timeout or cancelled. */
  async take(limits: CallLimits): Promise<KuzuConnection> {
    for (;;) {
      const idle = this.#idle.pop();
      if (idle) return idle;
      if (this.#size < this.#sizeMax) return this.#add();
      if (this.#waiting.length >= this.#waitingMax) {
        throw new EngineFailure('busy', 'too many calls wait for the graph already');
      }
      await this.#wait(limits);
    }
  }

  /** Takes a connection back; one that is worn is closed. */
  async give(connection: KuzuConnection): Promise<void> {
    if (connection.isWorn) {
      this.#size -= 1;
      await connection.close();
    } else {
      this.#idle.push(connection);
    }
    this.#waiting.shift()?.();
  }

  /** Closes the connections. All must have been given back. */
  async close(): Promise<void> {
    for (const connection of this.#idle.splice(0)) await connection.close();
  }

  async #add(): Promise<KuzuConnection> {
    this.#size += 1;
    try {
      return await this.#open();
    } catch (error) {
      this.#size -= 1;
      throw error;
    }
  }

  #wait(limits: CallLimits): Promise<void> {
    return new Promise((resolve, reject) => {
      const wake = () => {
        stop();
        resolve();
      };
      const stop = onOver(limits, () => {
        stop();
        const at = this.#waiting.indexOf(wake);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(overFailure(limits));
      });
      this.#waiting.push(wake);
    });
  }
}
