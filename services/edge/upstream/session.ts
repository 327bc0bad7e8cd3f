import { connect, type Socket } from 'node:net';
import { ClientConnection, type ClientConnectionOwner } from '../../mesh/http2/client-connection.ts';
import type { ConnectionOptions } from '../../mesh/http2/connection.ts';
import type { Fields, Stream, StreamListener } from '../../mesh/http2/stream.ts';

/** When a session is dialled, asked for a sign of life, and let go; in milliseconds. */
export interface SessionTimes {
  /** From the dial to the peer's SETTINGS. */
  readonly connectMs: number;
  readonly pingEveryMs: number;
  /** A PING that is not answered within this time ends the session. */
  readonly pingTimeoutMs: number;
  /** A session without calls is closed after this, to the next `pingEveryMs`. */
  readonly idleMs: number;
}

export const sessionTimes: SessionTimes = {
  connectMs: 5_000,
  pingEveryMs: 20_000,
  pingTimeoutMs: 5_000,
  idleMs: 300_000,
};

/** Hears what becomes of a session. */
export interface SessionOwner {
  /** The session takes calls, or one more than before. */
  onRoom(session: Session): void;
  /** No new calls here; those under way finish. */
  onRetired(session: Session): void;
  /** The connection is gone, or never was. */
  onGone(session: Session): void;
  /** A bug while an answer was read: its call ended by it. */
  onBug(error: unknown): void;
}

const options: ConnectionOptions = {
  // What a paused call holds at most. The way to a service is short: this is enough for all of its speed.
  streamWindowBytes: 512 * 1024,
  connectionWindowBytes: 16 * 2 ** 20,
  // One slow client must not hold up the calls of the others.
  isCreditedAtOnce: true,
  settings: {},
  headerListBytesMax: 64 * 1024,
  // The assertions of a hundred principals.
  headerTableBytesMax: 64 * 1024,
};

/** Servers cut the connection of a client that resets many streams in short time; nghttp2's do beyond 1,000. */
const resetsMax = 500;

/** One HTTP/2 connection to a service. */
export class Session implements ClientConnectionOwner {
  readonly #connection: ClientConnection;
  readonly #socket: Socket;
  readonly #times: SessionTimes;
  readonly #owner: SessionOwner;
  readonly #heartbeat: NodeJS.Timeout;
  #limit: NodeJS.Timeout | undefined;
  #isOpen = false;
  #isRetired = false;
  #resetCount = 0;
  #idleMs = 0;
  #wasUsed = true;

  /** Dials; the owner hears when calls may be sent. */
  constructor(address: string, times: SessionTimes, owner: SessionOwner) {
    const url = new URL(`http://${address}`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    this.#times = times;
    this.#owner = owner;
    this.#socket = connect({ host, port: Number(url.port || 80), noDelay: true });
    this.#connection = new ClientConnection(this.#socket, options, this);
    this.#limit = this.#cutAfter(times.connectMs);
    this.#heartbeat = setInterval(() => this.#beat(), times.pingEveryMs).unref();
  }

  /** True once the peer answered, whatever became of the session afterwards. */
  get wasOpen(): boolean {
    return this.#isOpen;
  }

  get takesCalls(): boolean {
    return this.#isOpen && !this.#isRetired && this.#connection.takesStreams;
  }

  /** Calls under way. */
  get streamCount(): number {
    return this.#connection.streamCount;
  }

  /** Calls that the peer lets run at once. */
  get streamsMax(): number {
    return this.#connection.streamsMax;
  }

  /** Opens a stream. */
  request(fields: Fields, listener: StreamListener): Stream {
    this.#wasUsed = true;
    return this.#connection.request(fields, listener);
  }

  /** Resets a stream. After many, new calls go to another session, before the peer takes it for an attack. */
  reset(stream: Stream, code: number): void {
    if (stream.isClosed) return;
    stream.reset(code);
    this.#resetCount += 1;
    if (this.#resetCount === resetsMax) this.retire();
  }

  /** Takes no new calls; ends when those under way have. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#isOpen) this.#connection.retire();
    else this.#socket.destroy();
    this.#owner.onRetired(this);
  }

  onSettings(): void {
    if (!this.#isOpen) {
      clearTimeout(this.#limit);
      this.#limit = undefined;
      this.#isOpen = true;
    }
    this.#owner.onRoom(this);
  }

  onGoaway(): void {
    this.retire();
  }

  onStreamGone(): void {
    if (!this.#isRetired) this.#owner.onRoom(this);
  }

  onClosed(): void {
    clearTimeout(this.#limit);
    clearInterval(this.#heartbeat);
    this.#isRetired = true;
    this.#owner.onGone(this);
  }

  onBug(error: unknown): void {
    this.#owner.onBug(error);
  }

  /** Asks for a sign of life while calls are under way, and ends a session that nobody uses. */
  #beat(): void {
    if (!this.#isOpen) return;
    const { streamCount } = this.#connection;
    if (streamCount > 0) this.#ping();
    this.#idleMs = streamCount > 0 || this.#wasUsed ? 0 : this.#idleMs + this.#times.pingEveryMs;
    this.#wasUsed = false;
    if (this.#idleMs >= this.#times.idleMs) this.retire();
  }

  #ping(): void {
    if (this.#limit || this.#connection.isClosed) return;
    this.#limit = this.#cutAfter(this.#times.pingTimeoutMs);
    this.#connection.ping(() => {
      clearTimeout(this.#limit);
      this.#limit = undefined;
    });
  }

  #cutAfter(limitMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#socket.destroy(), limitMs).unref();
  }
}
