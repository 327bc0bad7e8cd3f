import type { Logger } from '../../mesh/log/logger.ts';
import { Session, type SessionOwner, type SessionTimes } from './session.ts';

/** A call that looks for a session. */
export interface PendingCall {
  send(session: Session): void;
  /** There is no session for it: no service has seen the call. */
  refuse(): void;
}

export interface EndpointOptions {
  /** host:port. */
  readonly address: string;
  readonly times: SessionTimes;
  /** Milliseconds, monotonic. */
  readonly now: () => number;
  readonly log: Logger;
}

/** From here on, another session is worth its while. */
const streamsWellMax = 100;
/** More calls than this on one session only hold each other up. */
const streamsMax = 1_000;
const sessionsMax = 4;
const waitingMax = 1_000;
const backoffFirstMs = 50;
const backoffLastMs = 1_000;

/** The sessions to one address. */
export class Endpoint implements SessionOwner {
  readonly #options: EndpointOptions;
  /** Those that take calls, or will when they are connected. */
  #sessions: readonly Session[] = [];
  readonly #waiting = new Set<PendingCall>();
  #backoffMs = 0;
  #retryAtMs = 0;
  #isClosed = false;

  constructor(options: EndpointOptions) {
    this.#options = options;
  }

  get address(): string {
    return this.#options.address;
  }

  /**
   * Sends the call now where a session has room, else as soon as one has. Refuses it where too many wait, and right
   * after a dial that failed.
   */
  admit(call: PendingCall): void {
    const session = this.#pick();
    if (session) call.send(session);
    else if (this.#sessions.length === 0 || this.#waiting.size >= waitingMax) call.refuse();
    else this.#waiting.add(call);
  }

  /** A call that waited gave up. */
  withdraw(call: PendingCall): void {
    this.#waiting.delete(call);
  }

  /** No new calls; those under way finish. */
  close(): void {
    this.#isClosed = true;
    for (const session of this.#sessions) session.retire();
    this.#refuseWaiting();
  }

  onBug(err: unknown): void {
    this.#options.log.error({ err, address: this.address }, 'an answer could not be read');
  }

  onRoom(session: Session): void {
    if (session.wasOpen) this.#backoffMs = 0;
    if (this.#waiting.size > 0) this.#sendWaiting();
  }

  onRetired(session: Session): void {
    this.#sessions = this.#sessions.filter((other) => other !== session);
    if (this.#waiting.size > 0) this.#sendWaiting();
  }

  onGone(session: Session): void {
    this.#sessions = this.#sessions.filter((other) => other !== session);
    if (!session.wasOpen) this.#backOff();
    if (this.#waiting.size > 0) this.#sendWaiting();
  }

  /** The session with the fewest calls that has room, if any; dials where one more would be good. */
  #pick(): Session | undefined {
    let best: Session | undefined;
    let isDialling = false;
    for (const session of this.#sessions) {
      if (!session.wasOpen) isDialling = true;
      else if (session.takesCalls && (!best || session.streamCount < best.streamCount)) best = session;
    }
    if (best && best.streamCount < Math.min(best.streamsMax, streamsWellMax)) return best;
    if (!isDialling && this.#sessions.length < sessionsMax) this.#dial();
    return best && best.streamCount < Math.min(best.streamsMax, streamsMax) ? best : undefined;
  }

  #dial(): void {
    if (this.#isClosed || this.#options.now() < this.#retryAtMs) return;
    this.#sessions = [...this.#sessions, new Session(this.address, this.#options.times, this)];
  }

  #backOff(): void {
    this.#backoffMs = Math.min(Math.max(backoffFirstMs, this.#backoffMs * 2), backoffLastMs);
    this.#retryAtMs = this.#options.now() + this.#backoffMs;
  }

  #sendWaiting(): void {
    for (const call of this.#waiting) {
      const session = this.#pick();
      if (!session) break;
      this.#waiting.delete(call);
      call.send(session);
    }
    if (this.#sessions.length === 0) this.#refuseWaiting();
  }

  #refuseWaiting(): void {
    const calls = [...this.#waiting];
    this.#waiting.clear();
    for (const call of calls) call.refuse();
  }
}
