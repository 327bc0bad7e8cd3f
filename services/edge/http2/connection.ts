import type { Duplex } from 'node:stream';
import {
  ConnectionError,
  errorCode,
  frameBytesMax,
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
import { HpackEncoder } from './hpack/encoder.ts';
import { IdleFrames } from './idle-frames.ts';
import { readSettings, writeSettings } from './settings.ts';
import { type Fields, Stream } from './stream.ts';

/** What a connection grants its peer. */
export interface ConnectionOptions {
  /** What the peer may send in a stream before it is read: what a paused stream holds at most. */
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
}

/** What the system may hold of unsent data before streams wait. */
const unsentBytesMax = 512 * 1024;
/** Streams that we reset: frames of theirs may still be on their way. */
const resetStreamsMax = 1_000;
const emptyPayload = Buffer.alloc(0);

/** An HTTP/2 connection (RFC 9113) over a socket. What clients and servers do differently is in the two roles. */
export abstract class Connection {
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
  protected goawaySent = false;
  readonly #reader = new FrameReader((type, flags, id, payload) => this.#onFrame(type, flags, id, payload));
  readonly #encoder = new HpackEncoder({ tableBytesMax: 4_096 });
  readonly #headers: HeaderBlocks;
  readonly #idleFrames = new IdleFrames();
  readonly #blocked = new Set<Stream>();
  readonly #recentlyReset = new Set<number>();
  readonly #pings = new Map<string, () => void>();
  #receivedBytes = 0;
  #creditBytes = 0;
  #hasSettings = false;

  constructor(socket: Duplex, options: ConnectionOptions) {
    this.socket = socket;
    this.options = options;
    this.streamWindowBytes = options.streamWindowBytes;
    this.writer = new FrameWriter(socket, () => this.#resumeBlocked());
    this.#headers = new HeaderBlocks(options.headerListBytesMax);
    socket.on('data', (chunk: Buffer) => this.receive(chunk));
    socket.on('drain', () => this.#resumeBlocked());
    socket.on('end', () => this.socket.destroy());
    socket.on('error', () => {});
    socket.on('close', () => this.#onClosed());
  }

  /** Streams under way. */
  get streamCount(): number {
    return this.streams.size;
  }

  /** True while the connection as a whole takes data. */
  get takesData(): boolean {
    return this.sendWindowBytes > 0 && this.writer.waitingBytes < unsentBytesMax;
  }

  sendFields(streamId: number, fields: Fields, isLast: boolean): void {
    const block = this.#encoder.encode(fields);
    const endStream = isLast ? frameFlag.endStream : 0;
    const first = block.subarray(0, frameBytesMax);
    const isWhole = first.length === block.length;
    this.writer.frame(frameType.headers, endStream | (isWhole ? frameFlag.endHeaders : 0), streamId, first);
    for (let at = frameBytesMax; at < block.length; at += frameBytesMax) {
      const flags = at + frameBytesMax >= block.length ? frameFlag.endHeaders : 0;
      this.writer.frame(frameType.continuation, flags, streamId, block.subarray(at, at + frameBytesMax));
    }
  }

  /** Sends data that both windows have room for. */
  sendData(stream: Stream, chunk: Buffer): void {
    stream.sendWindowBytes -= chunk.length;
    this.sendWindowBytes -= chunk.length;
    this.writer.frame(frameType.data, 0, stream.id, chunk);
  }

  sendEnd(streamId: number): void {
    this.writer.frame(frameType.data, frameFlag.endStream, streamId, emptyPayload);
  }

  sendReset(streamId: number, code: number): void {
    this.#rememberReset(streamId);
    this.writer.number(frameType.rstStream, streamId, code);
  }

  sendWindowUpdate(streamId: number, bytes: number): void {
    this.writer.number(frameType.windowUpdate, streamId, bytes);
  }

  /** Asks for a sign of life; `onAnswer` hears of it. */
  ping(onAnswer: () => void): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(this.#pings.size + 1, 4);
    this.#pings.set(payload.toString('latin1'), onAnswer);
    this.writer.frame(frameType.ping, 0, 0, payload);
  }

  /** Data was read: the peer gets room for more. */
  onConsumed(bytes: number): void {
    if (!this.options.isCreditedAtOnce) this.#credit(bytes);
  }

  onStreamBlocked(stream: Stream): void {
    this.#blocked.add(stream);
  }

  /** `unreadBytes` were received and never read. */
  onStreamClosed(stream: Stream, unreadBytes: number): void {
    this.streams.delete(stream.id);
    this.#blocked.delete(stream);
    this.onConsumed(unreadBytes);
    this.onStreamGone(stream);
  }

  /** Our side of a stream is complete. */
  onLocalEnd(_stream: Stream): void {}

  /** Ends the connection: GOAWAY with this code, then the socket. */
  fail(code: number, message = ''): void {
    if (this.isClosed) return;
    this.sendGoaway(code, message);
    this.writer.flush();
    this.socket.end(() => this.socket.destroy());
    // A peer that does not read keeps no connection.
    setTimeout(() => this.socket.destroy(), 1_000).unref();
    this.#onClosed();
  }

  /** Takes bytes of the peer. */
  receive(chunk: Buffer): void {
    if (this.isClosed) return;
    try {
      this.#reader.read(chunk);
    } catch (error) {
      if (error instanceof ConnectionError) this.fail(error.code, error.message);
      else this.fail(errorCode.internalError);
      if (!(error instanceof ConnectionError)) this.onBug(error);
    }
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
  protected onPeerReset(_stream: Stream, _code: number): void {}
  protected onClosed(): void {}
  /** An error of our own, while the peer's bytes were read. */
  protected abstract onBug(error: unknown): void;

  /** Sends our SETTINGS and the connection's window. */
  protected open(): void {
    const { settings, streamWindowBytes, connectionWindowBytes, headerListBytesMax } = this.options;
    const all = {
      ...settings,
      [settingId.initialWindowSize]: streamWindowBytes,
      [settingId.maxHeaderListSize]: headerListBytesMax,
    };
    this.writer.frame(frameType.settings, 0, 0, writeSettings(all));
    this.sendWindowUpdate(0, connectionWindowBytes - windowBytesDefault);
  }

  protected addStream(streamId: number): Stream {
    const stream = new Stream(this, streamId, this.peerStreamWindowBytes);
    this.streams.set(streamId, stream);
    return stream;
  }

  #onFrame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.isClosed) return;
    if (!this.#hasSettings && type !== frameType.settings) throw broken('the first frame is not SETTINGS');
    if (this.#headers.isOpen && type !== frameType.continuation)
      throw broken('a header block is interrupted');
    switch (type) {
      case frameType.data:
        return this.#onData(flags, streamId, payload);
      case frameType.headers:
        return this.#takeHeaders(this.#headers.begin(flags, streamId, payload));
      case frameType.continuation:
        return this.#takeHeaders(this.#headers.continue(flags, streamId, payload));
      case frameType.rstStream:
        return this.#onReset(streamId, payload);
      case frameType.settings:
        return this.#onSettings(flags, streamId, payload);
      case frameType.ping:
        return this.#onPing(flags, streamId, payload);
      case frameType.goaway:
        return this.#onGoaway(streamId, payload);
      case frameType.windowUpdate:
        return this.#onWindowUpdate(streamId, payload);
      case frameType.priority:
        return this.#onPriority(streamId, payload);
      case frameType.pushPromise:
        throw broken('a PUSH_PROMISE, which nobody may send here');
      default:
        this.#idleFrames.count();
    }
  }

  #takeHeaders(block: HeaderBlock | undefined): void {
    if (!block) return;
    this.#idleFrames.refill();
    const { streamId, isLast } = block;
    const stream = this.streams.get(streamId);
    if (!stream && this.#recentlyReset.has(streamId)) return;
    if (stream?.isRemoteEnded)
      throw new ConnectionError(errorCode.streamClosed, 'HEADERS after the end of a stream');
    this.#guarded(streamId, stream, () => this.onFields(stream, streamId, block, isLast));
  }

  #onData(flags: number, streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('DATA of no stream');
    const isLast = (flags & frameFlag.endStream) !== 0;
    const data = (flags & frameFlag.padded) === 0 ? payload : withoutPadding(payload);
    this.#receivedBytes += payload.length;
    if (this.#receivedBytes > this.options.connectionWindowBytes) {
      throw new ConnectionError(errorCode.flowControlError, 'more data than the connection has room for');
    }
    if (data.length > 0) this.#idleFrames.refill();
    else if (!isLast) this.#idleFrames.count();
    const stream = this.streams.get(streamId);
    if (!stream || this.options.isCreditedAtOnce) this.#credit(payload.length);
    if (!stream) return this.#onStray(streamId);
    if (stream.isRemoteEnded) {
      throw new ConnectionError(errorCode.streamClosed, 'DATA after the end of a stream');
    }
    this.#guarded(streamId, stream, () => {
      countBody(stream, data.length, isLast);
      if (stream.receiveData(data, payload.length, isLast)) return;
      throw new StreamError(errorCode.flowControlError, 'more data than the stream has room for');
    });
  }

  /** Ends a stream whose peer broke the protocol there. */
  #guarded(streamId: number, stream: Stream | undefined, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof StreamError)) throw error;
      this.sendReset(streamId, error.code);
      (stream ?? this.streams.get(streamId))?.receiveReset(error.code, false);
    }
  }

  #onReset(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('RST_STREAM of no stream');
    if (payload.length !== 4) throw wrongSize('RST_STREAM');
    this.#idleFrames.count();
    const stream = this.streams.get(streamId);
    if (!stream) {
      if (!this.wasOpened(streamId)) throw broken('RST_STREAM of a stream that was never opened');
      return;
    }
    const code = payload.readUInt32BE();
    this.onPeerReset(stream, code);
    stream.receiveReset(code, false);
  }

  #onSettings(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('SETTINGS of a stream');
    if ((flags & frameFlag.ack) !== 0) {
      if (payload.length > 0) throw wrongSize('SETTINGS');
      return;
    }
    this.#idleFrames.count();
    const settings = readSettings(payload);
    this.#hasSettings = true;
    const tableBytes = settings.get(settingId.headerTableSize);
    if (tableBytes !== undefined) this.#encoder.setTableBytesMax(tableBytes);
    const windowBytes = settings.get(settingId.initialWindowSize);
    if (windowBytes !== undefined) this.#changeWindows(windowBytes);
    this.peerStreamsMax = settings.get(settingId.maxConcurrentStreams) ?? this.peerStreamsMax;
    this.writer.frame(frameType.settings, frameFlag.ack, 0, emptyPayload);
    this.onSettings();
  }

  #changeWindows(windowBytes: number): void {
    const change = windowBytes - this.peerStreamWindowBytes;
    this.peerStreamWindowBytes = windowBytes;
    for (const stream of this.streams.values()) {
      stream.sendWindowBytes += change;
      if (stream.sendWindowBytes > windowBytesMax) {
        throw new ConnectionError(errorCode.flowControlError, 'a window beyond its limit');
      }
    }
    this.#resumeBlocked();
  }

  #onPing(flags: number, streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('PING of a stream');
    if (payload.length !== 8) throw wrongSize('PING');
    if ((flags & frameFlag.ack) === 0) {
      this.#idleFrames.count();
      this.writer.frame(frameType.ping, frameFlag.ack, 0, payload);
      return;
    }
    const key = payload.toString('latin1');
    const onAnswer = this.#pings.get(key);
    this.#pings.delete(key);
    onAnswer?.();
  }

  #onGoaway(streamId: number, payload: Buffer): void {
    if (streamId !== 0) throw broken('GOAWAY of a stream');
    if (payload.length < 8) throw wrongSize('GOAWAY');
    this.onGoaway(payload.readUInt32BE() & 0x7fff_ffff, payload.readUInt32BE(4));
  }

  #onWindowUpdate(streamId: number, payload: Buffer): void {
    if (payload.length !== 4) throw wrongSize('WINDOW_UPDATE');
    this.#idleFrames.count();
    const bytes = payload.readUInt32BE() & 0x7fff_ffff;
    if (streamId === 0) return this.#widen(bytes);
    const stream = this.streams.get(streamId);
    if (!stream) {
      if (!this.wasOpened(streamId)) throw broken('WINDOW_UPDATE of a stream that was never opened');
      return;
    }
    this.#guarded(streamId, stream, () => {
      if (bytes === 0) throw new StreamError(errorCode.protocolError, 'a WINDOW_UPDATE of nothing');
      stream.sendWindowBytes += bytes;
      if (stream.sendWindowBytes > windowBytesMax) {
        throw new StreamError(errorCode.flowControlError, 'a window beyond its limit');
      }
      stream.flush();
      if (!stream.isBlocked) this.#blocked.delete(stream);
    });
  }

  #widen(bytes: number): void {
    if (bytes === 0) throw broken('a WINDOW_UPDATE of nothing');
    this.sendWindowBytes += bytes;
    if (this.sendWindowBytes > windowBytesMax) {
      throw new ConnectionError(errorCode.flowControlError, 'a window beyond its limit');
    }
    this.#resumeBlocked();
  }

  #onPriority(streamId: number, payload: Buffer): void {
    if (streamId === 0) throw broken('PRIORITY of no stream');
    this.#idleFrames.count();
    if (payload.length !== 5) {
      this.#guarded(streamId, undefined, () => {
        throw new StreamError(errorCode.frameSizeError, 'a PRIORITY of the wrong size');
      });
    }
  }

  /** A frame of a stream that is no more: fine where we reset it, or where it ended on both sides at a time. */
  #onStray(streamId: number): void {
    if (this.#recentlyReset.has(streamId)) return;
    if (!this.wasOpened(streamId)) throw broken('DATA of a stream that was never opened');
    throw new ConnectionError(errorCode.streamClosed, 'DATA of a closed stream');
  }

  #credit(bytes: number): void {
    this.#creditBytes += bytes;
    if (this.#creditBytes * 2 < this.options.connectionWindowBytes) return;
    this.sendWindowUpdate(0, this.#creditBytes);
    this.#receivedBytes -= this.#creditBytes;
    this.#creditBytes = 0;
  }

  /** Lets streams with waiting data go on, each in its turn. */
  #resumeBlocked(): void {
    for (const stream of [...this.#blocked]) {
      if (!this.takesData) return;
      this.#blocked.delete(stream);
      stream.flush();
      if (stream.isBlocked && !stream.isClosed) this.#blocked.add(stream);
    }
  }

  #rememberReset(streamId: number): void {
    this.#recentlyReset.add(streamId);
    if (this.#recentlyReset.size <= resetStreamsMax) return;
    const [oldest] = this.#recentlyReset;
    if (oldest !== undefined) this.#recentlyReset.delete(oldest);
  }

  #onClosed(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    for (const stream of [...this.streams.values()]) stream.receiveReset(errorCode.cancel, true);
    this.onClosed();
  }
}

function broken(message: string): ConnectionError {
  return new ConnectionError(errorCode.protocolError, message);
}

function wrongSize(frame: string): ConnectionError {
  return new ConnectionError(errorCode.frameSizeError, `a ${frame} of the wrong size`);
}

/** The data of a padded frame. */
export function withoutPadding(payload: Buffer): Buffer {
  const paddingBytes = payload[0] ?? 0;
  if (payload.length === 0 || paddingBytes >= payload.length)
    throw broken('more padding than there is payload');
  return payload.subarray(1, payload.length - paddingBytes);
}

/** Counts a body whose length was announced. */
function countBody(stream: Stream, bytes: number, isLast: boolean): void {
  if (stream.bodyBytesLeft === undefined) return;
  stream.bodyBytesLeft -= bytes;
  if (stream.bodyBytesLeft < 0 || (isLast && stream.bodyBytesLeft > 0)) {
    throw new StreamError(errorCode.protocolError, 'a body of another length than announced');
  }
}
