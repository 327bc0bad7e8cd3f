import type { Duplex } from 'node:stream';
import { closeGently } from './closing.ts';
import {
  ConnectionError,
  errorCode,
  frameFlag,
  frameType,
  StreamError,
  settingId,
  windowBytesDefault,
  windowBytesMax,
} from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { FrameWriter } from './frame-writer.ts';
import { type HeaderBlock, HeaderBlocks } from './header-blocks.ts';
import { tableBytesDefault } from './hpack/dynamic-table.ts';
import { HpackEncoder } from './hpack/encoder.ts';
import { IdleFrames } from './idle-frames.ts';
import { broken, withoutPadding, wrongSize } from './payload.ts';
import { Pings } from './pings.ts';
import { ReceiveWindow } from './receive-window.ts';
import { ResetStreams } from './reset-streams.ts';
import { readSettings, writeSettings } from './settings.ts';
import { type Fields, Stream } from './stream.ts';

/** What a connection grants its peer. */
export interface ConnectionOptions {
  /** What the peer may send in a stream before it is read: what a paused stream holds at most. At least 65,535. */
  readonly streamWindowBytes: number;
  /** The same for all streams together. */
  readonly connectionWindowBytes: number;
  /**
   * Whether the peer gets room for all streams together as soon as data came, or when it was read. The former where one
   * slow reader must not hold up the others, and the peer is trusted; then the streams' windows are the only bound.
   */
  readonly isCreditedAtOnce: boolean;
  /** Further SETTINGS, by their ids. */
  readonly settings: Readonly<Record<number, number>>;
  /** The largest header list, by RFC 9113's count. */
  readonly headerListBytesMax: number;
  /**
   * The largest table of header fields that either side keeps of what the other one sends; at least, and by default,
   * 4,096. More where the same peers send each other the same long fields again and again.
   */
  readonly headerTableBytesMax?: number;
}

/** What the system may hold of unsent data before streams wait. */
const unsentBytesMax = 512 * 1024;
/** From here on of anything unsent, the peer is not read: it does not read us, and what it sends makes for more. */
const unreadBytesMax = 1024 * 1024;
/** What a waiting stream sends before the next one has its turn. */
const turnBytes = 64 * 1024;
/** How long a peer may take to read the last answers, and the reason why its connection is ended. */
const closeMs = 10_000;
const failMs = 1_000;
const emptyPayload = Buffer.alloc(0);

/** An HTTP/2 connection (RFC 9113) over a socket. What clients and servers do differently is in the two roles. */
export abstract class Connection {
  abstract readonly isClient: boolean;
  readonly socket: Duplex;
  readonly streamWindowBytes: number;
  /** What the peer still takes of data in all streams together. */
  sendWindowBytes = windowBytesDefault;
  isClosed = false;
  protected readonly streams = new Map<number, Stream>();
  protected readonly options: ConnectionOptions;
  protected readonly writer: FrameWriter;
  protected peerStreamWindowBytes = windowBytesDefault;
  protected peerStreamsMax = Number.POSITIVE_INFINITY;
  readonly #reader = new FrameReader((type, flags, id, payload) => this.#onFrame(type, flags, id, payload));
  readonly #encoder: HpackEncoder;
  readonly #headers: HeaderBlocks;
  readonly #idleFrames = new IdleFrames();
  readonly #receiveWindow: ReceiveWindow;
  /** Streams that wait for the connection, in their turn. */
  readonly #blocked = new Set<Stream>();
  readonly #resetStreams = new ResetStreams();
  readonly #pings = new Pings();
  #hasSettings = false;
  #isHeldBack = false;

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.socket = socket;
    this.options = options;
    this.streamWindowBytes = options.streamWindowBytes;
    this.writer = new FrameWriter(socket, () => this.#onWritable());
    const { headerListBytesMax, headerTableBytesMax = tableBytesDefault } = options;
    this.#encoder = new HpackEncoder({ tableBytesMax: headerTableBytesMax });
    this.#headers = new HeaderBlocks(headerListBytesMax, headerTableBytesMax);
    this.#receiveWindow = new ReceiveWindow(options.connectionWindowBytes);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.#onWritable());
    socket.on('end', () => this.socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClosed());
    if (socket.closed) setImmediate(() => this.#onClosed());
  }

  /** Streams under way. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** True while the connection as a whole takes data. */
  get takesData(): boolean {
    return this.sendWindowBytes > 0 && !this.isClosed && this.writer.waitingBytes < unsentBytesMax;
  }

  /** True while streams wait for the connection: others queue up behind them. */
  get hasBlocked(): boolean {
    return this.#blocked.size > 0;
  }

  sendFields(streamId: number, fields: Fields, isLast: boolean): void {
    this.writer.fields(streamId, fields, this.#encoder, isLast);
  }

  /** Sends data that both windows have room for. `isWhole`: not just what they have room for. */
  sendData(stream: Stream, chunk: Buffer, isWhole: boolean): void {
    const { length } = chunk;
    stream.sendWindowBytes -= length;
    this.sendWindowBytes -= length;
    this.#idleFrames.allowAnswers(length, isWhole);
    this.writer.frame(frameType.data, 0, stream.id, chunk);
  }

  sendEnd(streamId: number): void {
    if (this.writer.endLast(streamId)) return;
    this.writer.frame(frameType.data, frameFlag.endStream, streamId, emptyPayload);
  }

  sendReset(streamId: number, code: number): void {
    this.#resetStreams.add(streamId);
    this.writer.number(frameType.rstStream, streamId, code);
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    this.writer.number(frameType.windowUpdate, streamId, bytes);
  }

  /** Asks for a sign of life; `onAnswer` hears of it. */
  ping(onAnswer: () => void): void {
    this.writer.frame(frameType.ping, 0, 0, this.#pings.begin(onAnswer));
  }

  /** Data was read: the peer gets room for more. */
  onConsumed(bytes: number): void {
    if (!this.options.isCreditedAtOnce) this.#credit(bytes);
  }

  onStreamBlocked(stream: Stream): void {
    this.#blocked.add(stream);
  }

  onStreamUnblocked(stream: Stream): void {
    this.#blocked.delete(stream);
  }

  /** `unreadBytes` were received and never read. */
  onStreamClosed(stream: Stream, unreadBytes: number): void {
    this.streams.delete(stream.id);
    this.#blocked.delete(stream);
    this.onConsumed(unreadBytes);
    try {
      this.onStreamGone(stream);
    } catch (error) {
      this.onBug(error);
    }
  }

  /** Who listens to a stream threw: this is the end of that stream, and of no other. */
  onListenerError(stream: Stream, error: unknown): void {
    if (!stream.isClosed) {
      this.sendReset(stream.id, errorCode.internalError);
      stream.receiveReset(errorCode.internalError, false);
    }
    this.onBug(error);
  }

  /** Our side of a stream is complete. */
  onLocalEnd(_stream: Stream): void {}

  /** Ends the connection: GOAWAY with this code, then the socket. */
  fail(code: number, message = ''): void {
    if (this.isClosed) return;
    this.sendGoaway(code, message);
    this.writer.close();
    closeGently(this.socket, code === errorCode.noError ? closeMs : failMs);
    this.#onClosed();
  }

  /** Takes bytes of the peer. */
  receive(chunk: Buffer): void {
    if (this.isClosed) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      const isPeers = error instanceof ConnectionError;
      this.fail(isPeers ? error.code : errorCode.internalError, isPeers ? error.message : '');
      if (!isPeers) this.onBug(error);
    }
    if (this.writer.waitingBytes <= unreadBytesMax || this.isClosed) return;
    this.#isHeldBack = true;
    this.socket.pause();
  }

  protected abstract onFields(
    stream: Stream | undefined,
    streamId: number,
    block: HeaderBlock,
    isLast: boolean,
  ): void;
  /** True for an id that a stream may have had already. */
  protected abstract wasOpened(streamId: number): boolean;
  protected abstract sendGoaway(code: number, message: string): void;
  protected abstract onGoaway(lastStreamId: number, code: number): void;
  protected onSettings(): void {}
  protected onStreamGone(_stream: Stream): void {}
  /** The peer reset a stream, or had us do it by what it sent there. */
  protected onPeerReset(_stream: Stream, _code: number): void {}
  protected onClosed(): void {}
  /** An error of our own, or of who listens. */
  protected abstract onBug(error: unknown): void;

  /** Sends our SETTINGS and the connection's window. */
  protected open(): void {
    const { settings, streamWindowBytes, headerListBytesMax, headerTableBytesMax } = this.options;
    const all = {
      [settingId.maxHeaderListSize]: headerListBytesMax,
      ...(headerTableBytesMax === undefined ? {} : { [settingId.headerTableSize]: headerTableBytesMax }),
      ...settings,
      [settingId.initialWindowSize]: streamWindowBytes,
    };
    this.writer.frame(frameType.settings, 0, 0, writeSettings(all));
    const { firstCreditBytes } = this.#receiveWindow;
    if (firstCreditBytes > 0) this.sendWindowUpdate(0, firstCreditBytes);
  }

  protected addStream(streamId: number): Stream {
    const stream = new Stream(this, streamId, this.peerStreamWindowBytes);
    this.streams.set(streamId, stream);
    return stream;
  }

  /** Counts what the peer did for nothing. Throws ConnectionError for a flood of that. */
  protected countIdleFrame(): void {
    this.#idleFrames.count();
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.isClosed) return;
    if (!this.#hasSettings) this.#expectSettings(type, flags);
    if (this.#headers.isOpen && type !== frameType.continuation)
      throw broken('a header block is interrupted');
    try {
      this.#takeFrame(type, flags, streamId, payload);
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.#endBroken(streamId, error);
    }
  }

  #takeFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    switch (type) {
      case frameType.data:
        this.#onData(flags, streamId, payload);
        break;
      case frameType.headers:
        this.#onHeaders(this.#headers.begin(flags, streamId, payload));
        break;
      case frameType.continuation:
        this.#onHeaders(this.#headers.continue(flags, streamId, payload));
        break;
      case frameType.rstStream:
        this.#onReset(streamId, payload);
        break;
      case frameType.settings:
        this.#onSettings(flags, streamId, payload);
        break;
      case frameType.ping:
        this.#onPing(flags, streamId, payload);
        break;
      case frameType.goaway:
        this.#onGoaway(streamId, payload);
        break;
      case frameType.windowUpdate:
        this.#onWindowUpdate(streamId, payload);
        break;
      case frameType.priority:
        this.#onPriority(streamId, payload);
        break;
      case frameType.pushPromise:
        throw broken('a PUSH_PROMISE, which nobody may send here');
      default:
        this.#idleFrames.count();
    }
  }

  #expectSettings(type: number, flags: number): void {
    if (type !== frameType.settings || (flags & frameFlag.ack) !== 0)
      throw broken('the first frame is not SETTINGS');
    this.#hasSettings = true;
  }

  /** Ends a stream whose peer broke the protocol there, which counts like a reset of the peer's. */
  #endBroken(streamId: number, { code }: StreamError): void {
    this.#idleFrames.count();
    const stream = this.streams.get(streamId);
    this.sendReset(streamId, code);
    if (!stream) return;
    this.onPeerReset(stream, code);
    stream.receiveReset(code, false);
  }

  #onHeaders(block: HeaderBlock | undefined): void {
    if (!block) return;
    const { streamId, isLast } = block;
    const stream = this.streams.get(streamId);
    if (!stream && this.#resetStreams.has(streamId, isLast)) {
      this.#idleFrames.count();
      return;
    }
    if (stream?.isRemoteEnded)
      throw new ConnectionError(errorCode.streamClosed, 'HEADERS after the end of a stream');
    this.onFields(stream, streamId, block, isLast);
    if (!block.isTooLarge) this.#idleFrames.allow();
  }

  #onData(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('DATA of no stream');
    const isLast = (flags & frameFlag.endStream) !== 0;
    const data = (flags & frameFlag.padded) === 0 ? payload : withoutPadding(payload);
    this.#receiveWindow.receive(payload.length);
    if (data.length === 0 && !isLast) this.#idleFrames.count();
    const stream = this.streams.get(streamId);
    if (!stream || this.options.isCreditedAtOnce) this.#credit(payload.length);
    if (!stream) {
      this.#onStrayData(streamId, isLast);
      return;
    }
    if (data.length > 0) this.#idleFrames.allow();
    if (stream.isRemoteEnded)
      throw new ConnectionError(errorCode.streamClosed, 'DATA after the end of a stream');
    stream.receiveData(data, payload.length, isLast);
  }

  /** Data of a stream that is no more: fine where we reset it and the peer does not know yet. */
  #onStrayData(streamId: number, isLast: boolean): void {
    if (this.#resetStreams.has(streamId, isLast)) return;
    if (!this.wasOpened(streamId)) throw broken('DATA of a stream that was never opened');
    throw new StreamError(errorCode.streamClosed, 'DATA of a closed stream');
  }

  #onReset(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('RST_STREAM of no stream');
    if (payload.length !== 4) throw wrongSize('RST_STREAM');
    this.#idleFrames.count();
    const stream = this.streams.get(streamId);
    if (!stream) {
      this.#resetStreams.has(streamId, true);
      if (!this.wasOpened(streamId)) throw broken('RST_STREAM of a stream that was never opened');
      return;
    }
    const code = payload.readUInt32BE();
    this.onPeerReset(stream, code);
    stream.receiveReset(code, false);
  }

  #onSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('SETTINGS of a stream');
    this.#idleFrames.count();
    if ((flags & frameFlag.ack) !== 0) {
      if (payload.length > 0) throw wrongSize('SETTINGS');
      return;
    }
    for (const [id, value] of readSettings(payload, this.isClient)) this.#apply(id, value);
    this.writer.frame(frameType.settings, frameFlag.ack, 0, emptyPayload);
    this.#resumeBlocked();
    this.onSettings();
  }

  #apply(id: number, value: number): void {
    if (id === settingId.headerTableSize) this.#encoder.setTableBytesMax(value);
    else if (id === settingId.initialWindowSize) this.#changeWindows(value);
    else if (id === settingId.maxConcurrentStreams) this.peerStreamsMax = value;
  }

  #changeWindows(windowBytes: number): void {
    const change = windowBytes - this.peerStreamWindowBytes;
    this.peerStreamWindowBytes = windowBytes;
    for (const stream of this.streams.values()) this.#widenStream(stream, change, ConnectionError);
  }

  #widenStream(stream: Stream, bytes: number, Failure: typeof ConnectionError | typeof StreamError): void {
    stream.sendWindowBytes += bytes;
    if (stream.sendWindowBytes > windowBytesMax) {
      throw new Failure(errorCode.flowControlError, 'a window beyond its limit');
    }
    if (stream.isBlocked && stream.sendWindowBytes > 0) this.#blocked.add(stream);
  }

  #onPing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('PING of a stream');
    if (payload.length !== 8) throw wrongSize('PING');
    if ((flags & frameFlag.ack) === 0) {
      this.#idleFrames.count();
      this.writer.frame(frameType.ping, frameFlag.ack, 0, payload);
      return;
    }
    if (!this.#pings.end(payload)) this.#idleFrames.count();
  }

  #onGoaway(streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('GOAWAY of a stream');
    if (payload.length < 8) throw wrongSize('GOAWAY');
    this.#idleFrames.count();
    this.onGoaway(payload.readUInt32BE() & 0x7fff_ffff, payload.readUInt32BE(4));
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    if (payload.length !== 4) throw wrongSize('WINDOW_UPDATE');
    this.#idleFrames.count();
    const bytes = payload.readUInt32BE() & 0x7fff_ffff;
    if (streamId === 0) this.#widen(bytes);
    else {
      const stream = this.streams.get(streamId);
      if (!stream) {
        if (!this.wasOpened(streamId)) throw broken('WINDOW_UPDATE of a stream that was never opened');
        return;
      }
      if (bytes === 0) throw new StreamError(errorCode.protocolError, 'a WINDOW_UPDATE of nothing');
      this.#widenStream(stream, bytes, StreamError);
    }
    this.#resumeBlocked();
  }

  #widen(bytes: number): void {
    if (bytes === 0) throw broken('a WINDOW_UPDATE of nothing');
    this.sendWindowBytes += bytes;
    if (this.sendWindowBytes > windowBytesMax) {
      throw new ConnectionError(errorCode.flowControlError, 'a window beyond its limit');
    }
  }

  /** Nobody needs priorities (RFC 9113, section 5.3.2), but they are to be well-formed. */
  #onPriority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('PRIORITY of no stream');
    if (payload.length !== 5) throw wrongSize('PRIORITY');
    if ((payload.readUInt32BE() & 0x7fff_ffff) === streamId) throw broken('a stream that depends on itself');
    this.#idleFrames.count();
  }

  #credit(bytes: number): void {
    const credit = this.#receiveWindow.credit(bytes);
    if (credit > 0) this.sendWindowUpdate(0, credit);
  }

  /** The socket takes more. */
  #onWritable(): void {
    if (this.isClosed) return;
    this.#resumeBlocked();
    if (!this.#isHeldBack || this.writer.waitingBytes > unsentBytesMax) return;
    this.#isHeldBack = false;
    this.socket.resume();
  }

  /** Lets streams with waiting data go on, each in its turn; those that wait on come last. */
  #resumeBlocked(): void {
    for (const stream of this.#blocked) {
      if (!this.takesData) return;
      this.#blocked.delete(stream);
      stream.flush(turnBytes);
    }
  }

  #onClosed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.writer.close();
    this.#pings.clear();
    try {
      for (const stream of [...this.streams.values()]) stream.receiveReset(errorCode.cancel, true);
      this.onClosed();
    } catch (error) {
      this.onBug(error);
    }
  }
}
