import type { Duplex } from 'node:stream';
import {
  ServerConnection,
  type ServerConnectionOptions,
  type ServerConnectionOwner,
} from '../http2/server-connection.ts';
import type { Fields, Stream } from '../http2/stream.ts';
import { type CallServer, GrpcCall } from './grpc-call.ts';

const options: ServerConnectionOptions = {
  // What a paused call holds at most. The way between services is short: this is enough for all of its speed.
  streamWindowBytes: 512 * 1024,
  connectionWindowBytes: 16 * 2 ** 20,
  // One slow handler must not hold up the calls of the others.
  isCreditedAtOnce: true,
  settings: {},
  headerListBytesMax: 64 * 1024,
  // The assertions of a hundred principals.
  headerTableBytesMax: 64 * 1024,
  streamsMax: 1_000,
};

/** How often a client is asked for a sign of life, and how long it may take. */
const pingEveryMs = 20_000;
const pingTimeoutMs = 5_000;
/** How long a client may take to see that its connection goes away. */
const goAwayMs = 1_000;

/** A client's connection: its streams are calls. */
export class GrpcConnection implements ServerConnectionOwner {
  readonly #socket: Duplex;
  readonly #server: CallServer;
  readonly #connection: ServerConnection;
  readonly #heartbeat: NodeJS.Timeout;
  #limit: NodeJS.Timeout | undefined;

  constructor(socket: Duplex, server: CallServer) {
    this.#socket = socket;
    this.#server = server;
    this.#connection = new ServerConnection(socket, options, this);
    this.#heartbeat = setInterval(() => this.#ping(), pingEveryMs).unref();
  }

  /**
   * Lets calls under way end and takes no new ones. First it only says so, and takes what the client sent before it
   * knew (RFC 9113, section 6.8): a client cannot repeat every call.
   */
  drain(): void {
    const timer = setTimeout(() => this.#connection.drain(), goAwayMs).unref();
    this.#connection.announceDrain(() => {
      clearTimeout(timer);
      this.#connection.drain();
    });
  }

  /** Ends it with the calls under way. */
  cut(): void {
    this.#socket.destroy();
  }

  onRequest(stream: Stream, fields: Fields, isWhole: boolean): void {
    const call = new GrpcCall(stream, fields, this.#server);
    call.begin();
    if (isWhole) call.onEnd();
  }

  // Its clients are of the mesh: whoever it does not trust has no way to its port.
  onCancelled(): void {}

  onHeadTooLarge(): void {
    this.#server.log.warn('a head of a call is larger than the limit');
  }

  onStreamGone(): void {}

  onClosed(): void {
    clearInterval(this.#heartbeat);
    clearTimeout(this.#limit);
  }

  onBug(err: unknown): void {
    this.#server.log.error({ err }, 'a call broke');
  }

  #ping(): void {
    if (this.#limit || this.#connection.isClosed) return;
    this.#limit = setTimeout(() => this.cut(), pingTimeoutMs).unref();
    this.#connection.ping(() => {
      clearTimeout(this.#limit);
      this.#limit = undefined;
    });
  }
}
