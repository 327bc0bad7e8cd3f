import { type ClientHttp2Session, type ClientHttp2Stream, connect, type Settings } from 'node:http2';
import { connect as connectSocket, type Socket } from 'node:net';

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
}

/** What a peer may send of one answer before it is read: what a paused call holds at most. */
const streamWindowBytes = 2 ** 20;
const connectionWindowBytes = 16 * 2 ** 20;
const sessionMemoryMegabytes = 256;

/** Node asks for no sign of life any more once the peer sent GOAWAY; the kernel still does. */
const keepAlive = { keepAlive: true, keepAliveInitialDelay: 20_000 };

/** nghttp2's servers cut the connection of a client that resets more than 1,000 streams in short time. */
const resetsMax = 500;
/** The ids of a session's streams end at 2³¹; every other one is the client's. */
const streamsEverMax = 2 ** 29;

/** One HTTP/2 connection to a service. */
export class Session {
  /** Calls under way. */
  streamCount = 0;
  /** Calls that the peer lets run at once. */
  streamsMax = 0;
  readonly #http2: ClientHttp2Session;
  readonly #socket: Socket;
  readonly #times: SessionTimes;
  readonly #owner: SessionOwner;
  readonly #heartbeat: NodeJS.Timeout;
  #limit: NodeJS.Timeout | undefined;
  #isOpen = false;
  #isRetired = false;
  #lastStreamId = Number.POSITIVE_INFINITY;
  #openedCount = 0;
  #resetCount = 0;
  #idleMs = 0;
  #wasUsed = true;

  /** Dials; the owner hears when calls may be sent. */
  constructor(address: string, times: SessionTimes, owner: SessionOwner) {
    const url = new URL(`http://${address}`);
    const host = url.hostname.replace(/^\[|\]$/g, '');
    this.#times = times;
    this.#owner = owner;
    this.#socket = connectSocket({ host, port: Number(url.port || 80), noDelay: true, ...keepAlive });
    this.#http2 = connect(url, {
      createConnection: () => this.#socket,
      maxSessionMemory: sessionMemoryMegabytes,
      settings: { enablePush: false, initialWindowSize: streamWindowBytes },
    });
    this.#limit = this.#cutAfter(times.connectMs);
    this.#heartbeat = setInterval(() => this.#beat(), times.pingEveryMs).unref();
    this.#http2.on('connect', () => this.#http2.setLocalWindowSize(connectionWindowBytes));
    this.#http2.on('remoteSettings', (settings) => this.#takeSettings(settings));
    this.#http2.on('goaway', (_code, lastStreamId) => {
      this.#lastStreamId = lastStreamId;
      this.retire();
    });
    // Its calls say what it means for them.
    this.#http2.on('error', () => {});
    this.#http2.on('close', () => this.#end());
  }

  /** True once the peer answered, whatever became of the session afterwards. */
  get wasOpen(): boolean {
    return this.#isOpen;
  }

  get takesCalls(): boolean {
    return this.#isOpen && !this.#isRetired && !this.#http2.closed && !this.#http2.destroyed;
  }

  /** True where the connection failed under its calls. */
  get isLost(): boolean {
    return this.#http2.destroyed;
  }

  /** Opens a stream; throws where the header fields cannot be sent. Its end is told by `release`. */
  request(fields: readonly string[]): ClientHttp2Stream {
    const stream = this.#http2.request(fields);
    this.streamCount += 1;
    this.#wasUsed = true;
    this.#openedCount += 1;
    if (this.#openedCount === streamsEverMax) this.retire();
    return stream;
  }

  /** A stream is closed: there is room for another one. */
  release(): void {
    this.streamCount -= 1;
    if (this.#isRetired) this.#closeUnused();
    else this.#owner.onRoom(this);
  }

  /** False where the peer said that it did not look at this stream. */
  mayHaveSeen(streamId: number | undefined): boolean {
    return streamId !== undefined && streamId <= this.#lastStreamId;
  }

  /** Resets a stream. After many, new calls go to another session, before the peer takes it for an attack. */
  reset(stream: ClientHttp2Stream, code: number): void {
    if (stream.closed) return;
    stream.close(code);
    this.#resetCount += 1;
    if (this.#resetCount === resetsMax) this.retire();
  }

  /** Takes no new calls; ends when those under way have. */
  retire(): void {
    if (this.#isRetired) return;
    this.#isRetired = true;
    if (this.#isOpen) this.#closeUnused();
    else this.#socket.destroy();
    this.#owner.onRetired(this);
  }

  /** Not before its last call ended: a closed session is not asked for signs of life. */
  #closeUnused(): void {
    if (this.streamCount === 0) this.#http2.close();
  }

  #takeSettings({ maxConcurrentStreams }: Settings): void {
    if (!this.#isOpen) {
      clearTimeout(this.#limit);
      this.#limit = undefined;
      this.#isOpen = true;
    }
    this.streamsMax = maxConcurrentStreams ?? Number.POSITIVE_INFINITY;
    this.#owner.onRoom(this);
  }

  /** Asks for a sign of life while calls are under way, and ends a session that nobody uses. */
  #beat(): void {
    if (!this.#isOpen) return;
    if (this.streamCount > 0) this.#ping();
    this.#idleMs = this.streamCount > 0 || this.#wasUsed ? 0 : this.#idleMs + this.#times.pingEveryMs;
    this.#wasUsed = false;
    if (this.#idleMs >= this.#times.idleMs) this.retire();
  }

  #ping(): void {
    if (this.#limit || this.#http2.destroyed || this.#http2.closed) return;
    this.#limit = this.#cutAfter(this.#times.pingTimeoutMs);
    this.#http2.ping((error) => {
      if (error) return;
      clearTimeout(this.#limit);
      this.#limit = undefined;
    });
  }

  #cutAfter(limitMs: number): NodeJS.Timeout {
    return setTimeout(() => this.#socket.destroy(), limitMs).unref();
  }

  #end(): void {
    clearTimeout(this.#limit);
    clearInterval(this.#heartbeat);
    this.#isRetired = true;
    this.#owner.onGone(this);
  }
}
