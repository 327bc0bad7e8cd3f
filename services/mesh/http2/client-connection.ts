import type { Duplex } from 'node:stream';
import { Connection, type ConnectionOptions } from './connection.ts';
import { ConnectionError, clientPreface, errorCode, frameType, StreamError, settingId } from './frame.ts';
import type { HeaderBlock } from './header-blocks.ts';
import { hasPseudoFields } from './message-head.ts';
import { readResponseHead } from './response-head.ts';
import { type Fields, Stream, type StreamListener } from './stream.ts';

/** Hears what becomes of a client's connection. */
export interface ClientConnectionOwner {
  /** The peer's SETTINGS came: at first, and whenever they change. */
  onSettings(): void;
  /** The peer takes no new streams, and did not look at those beyond this id. */
  onGoaway(lastStreamId: number): void;
  /** A stream is over: there is room for another one. May come after `onClosed`: answers that came can still be read. */
  onStreamGone(): void;
  onClosed(): void;
  /** A bug while an answer was read. */
  onBug(error: unknown): void;
}

/** The most ids of a connection; every other one is the client's. */
const streamIdMax = 2 ** 31 - 1;

/** The client's side of a connection. */
export class ClientConnection extends Connection {
  override readonly isClient = true;
  readonly #owner: ClientConnectionOwner;
  /** Streams whose answer has no body, whatever its head announces. */
  readonly #headRequests = new WeakSet<Stream>();
  #nextStreamId = 1;
  #isRetired = false;

  constructor(socket: Duplex, options: ConnectionOptions, owner: ClientConnectionOwner) {
    super(socket, { ...options, settings: { ...options.settings, [settingId.enablePush]: 0 } });
    this.#owner = owner;
    this.writer.raw(clientPreface);
    this.open();
  }

  /** Streams that the peer lets be open at a time. */
  get streamsMax(): number {
    return this.peerStreamsMax;
  }

  /** False where no stream can be opened any more. */
  get takesStreams(): boolean {
    return !this.#isRetired && !this.isClosed && this.#nextStreamId < streamIdMax;
  }

  /** Opens a stream with this head. Where no stream can be opened, the listener hears of its loss soon. */
  request(fields: Fields, listener: StreamListener): Stream {
    if (!this.takesStreams) return this.#lostStream(listener);
    const stream = this.addStream(this.#nextStreamId);
    this.#nextStreamId += 2;
    if (this.#nextStreamId >= streamIdMax) this.#isRetired = true;
    stream.listener = listener;
    stream.takesBody = false;
    if (fields[fields.indexOf(':method') + 1] === 'HEAD') this.#headRequests.add(stream);
    stream.sendFields(fields, false);
    return stream;
  }

  /** Opens no more streams; closes the socket when those under way are over. */
  retire(): void {
    this.#isRetired = true;
    this.#closeWhenDone();
  }

  protected override onFields(
    stream: Stream | undefined,
    streamId: number,
    block: HeaderBlock,
    isLast: boolean,
  ): void {
    if (!stream) {
      if (!this.wasOpened(streamId))
        throw new ConnectionError(errorCode.protocolError, 'HEADERS of a stream that was never opened');
      this.countIdleFrame();
      return;
    }
    if (block.isMalformed) throw new StreamError(errorCode.protocolError, 'malformed fields');
    if (block.isTooLarge) throw new StreamError(errorCode.protocolError, 'more fields than the limit');
    if (stream.takesBody) {
      this.#onTrailers(stream, block.fields, isLast);
      return;
    }
    this.#onHead(stream, block.fields, isLast);
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextStreamId;
  }

  protected override sendGoaway(code: number, message: string): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.writer.frame(frameType.goaway, 0, 0, Buffer.concat([payload, Buffer.from(message)]));
  }

  protected override onGoaway(lastStreamId: number, code: number): void {
    // In kind: no more streams will come.
    if (!this.#isRetired) this.sendGoaway(errorCode.noError, '');
    this.#isRetired = true;
    this.#owner.onGoaway(lastStreamId);
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId) stream.receiveReset(errorCode.refusedStream, false);
    }
    // A peer that gives up on the connection answers nothing more.
    if (code !== errorCode.noError) this.fail(errorCode.noError);
    this.#closeWhenDone();
  }

  protected override onSettings(): void {
    this.#owner.onSettings();
  }

  protected override onStreamGone(): void {
    this.#owner.onStreamGone();
    this.#closeWhenDone();
  }

  protected override onClosed(): void {
    this.#owner.onClosed();
  }

  protected override onBug(error: unknown): void {
    this.#owner.onBug(error);
  }

  #onHead(stream: Stream, fields: Fields, isLast: boolean): void {
    const { status, length } = readResponseHead(fields);
    if (status < 200) {
      if (isLast || status === 101) throw new StreamError(errorCode.protocolError, 'an answer that is none');
      return;
    }
    stream.takesBody = true;
    const hasBody = status !== 204 && status !== 304 && !this.#headRequests.has(stream);
    if (hasBody) stream.bodyBytesLeft = length;
    if (isLast && stream.bodyBytesLeft)
      throw new StreamError(errorCode.protocolError, 'a body shorter than announced');
    stream.receiveFields(fields, isLast);
  }

  #onTrailers(stream: Stream, fields: Fields, isLast: boolean): void {
    if (!isLast || hasPseudoFields(fields))
      throw new StreamError(errorCode.protocolError, 'trailers that are none');
    if (stream.bodyBytesLeft) throw new StreamError(errorCode.protocolError, 'a body shorter than announced');
    stream.receiveFields(fields, true);
  }

  #lostStream(listener: StreamListener): Stream {
    const stream = new Stream(this, 0, 0);
    stream.listener = listener;
    process.nextTick(() => stream.receiveReset(errorCode.refusedStream, true));
    return stream;
  }

  #closeWhenDone(): void {
    if (this.#isRetired && this.streams.size === 0 && !this.isClosed) this.fail(errorCode.noError);
  }
}
