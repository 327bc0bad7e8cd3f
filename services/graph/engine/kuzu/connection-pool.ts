import { onOver } from '../call-watch.ts';
import { EngineFailure } from '../engine-failure.ts';
import { overFailure } from '../engine-gate.ts';
import type { CallLimits } from '../graph-engine.ts';
import type { KuzuConnection } from './kuzu-connection.ts';

/** Lends connections, one user at a time each. */
export class ConnectionPool {
  readonly #open: () => Promise<KuzuConnection>;
  readonly #sizeMax: number;
  readonly #waitingMax: number;
  readonly #idle: KuzuConnection[] = [];
  readonly #waiting: ((connection: KuzuConnection | undefined) => void)[] = [];
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

  /** A connection that nobody uses. */
  tryTake(): KuzuConnection | undefined {
    return this.#idle.pop();
  }

  /** Waits for a connection. Throws EngineFailure: busy, timeout or cancelled. */
  async take(limits: CallLimits): Promise<KuzuConnection> {
    for (;;) {
      const idle = this.tryTake();
      if (idle) return idle;
      if (this.#size < this.#sizeMax) return this.#add();
      if (this.#waiting.length >= this.#waitingMax) {
        throw new EngineFailure('busy', 'too many calls wait for the graph already');
      }
      const given = await this.#wait(limits);
      if (given) return given;
    }
  }

  /** Takes a connection back; one that is worn is closed, and the promise is for that. */
  give(connection: KuzuConnection): Promise<void> | undefined {
    if (connection.isWorn) return this.#replace(connection);
    const wake = this.#waiting.shift();
    if (wake) wake(connection);
    else this.#idle.push(connection);
    return undefined;
  }

  async #replace(connection: KuzuConnection): Promise<void> {
    this.#size -= 1;
    await connection.close();
    this.#waiting.shift()?.(undefined);
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

  /** The connection that somebody gave back; undefined where there is room for another. */
  #wait(limits: CallLimits): Promise<KuzuConnection | undefined> {
    return new Promise((resolve, reject) => {
      const wake = (connection: KuzuConnection | undefined) => {
        stop();
        resolve(connection);
      };
      const stop = onOver(limits, () => {
        const at = this.#waiting.indexOf(wake);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(overFailure(limits));
      });
      this.#waiting.push(wake);
    });
  }
}
