import type { Socket } from 'node:net';

/** A connection whose protocol is known. */
export interface Connection {
  /** Above TLS. */
  readonly socket: Socket;
  sweep(nowMs: number): void;
  goAway(): void;
}

/** What is open, and how much of it by whom. */
export class OpenConnections {
  readonly #perAddressMax: number;
  readonly #countByAddress = new Map<string, number>();
  /** All of them, below TLS. */
  readonly #sockets = new Set<Socket>();
  /** Those that carry no TLS and whose protocol is not known. */
  readonly #silent = new Set<Socket>();
  readonly #connections = new Set<Connection>();
  #isGoingAway = false;

  constructor(perAddressMax: number) {
    this.#perAddressMax = perAddressMax;
  }

  /** False where its address has too many; otherwise it is counted until it closes. */
  admit(socket: Socket): boolean {
    const address = socket.remoteAddress ?? '';
    const count = this.#countByAddress.get(address) ?? 0;
    if (count >= this.#perAddressMax) return false;
    this.#countByAddress.set(address, count + 1);
    this.#sockets.add(socket);
    this.#silent.add(socket);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      this.#silent.delete(socket);
      const left = (this.#countByAddress.get(address) ?? 1) - 1;
      if (left === 0) this.#countByAddress.delete(address);
      else this.#countByAddress.set(address, left);
    });
    return true;
  }

  /** Another socket reads and writes what goes over it. */
  leaveToTls(socket: Socket): void {
    this.#silent.delete(socket);
  }

  open(connection: Connection): void {
    const { socket } = connection;
    this.#silent.delete(socket);
    this.#connections.add(connection);
    socket.once('close', () => this.#connections.delete(connection));
    if (this.#isGoingAway) connection.goAway();
  }

  sweep(nowMs: number): void {
    for (const connection of this.#connections) connection.sweep(nowMs);
  }

  /** No new calls over any of them. */
  goAway(): void {
    this.#isGoingAway = true;
    for (const connection of this.#connections) connection.goAway();
  }

  /** Ends them all once what was written has left, at the latest when that time is up. */
  end(flushMs: number): void {
    for (const socket of this.#silent) socket.destroySoon();
    for (const { socket } of this.#connections) socket.destroySoon();
    setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, flushMs).unref();
  }
}
