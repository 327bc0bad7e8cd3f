import type { Duplex } from 'node:stream';
import { Connection, type ConnectionOptions } from './connection.ts';
import { ConnectionError, clientPreface, errorCode, frameType, StreamError, settingId } from './frame.ts';
import type { HeaderBlock } from './header-blocks.ts';
import type { Fields, Stream, StreamListener } from './stream.ts';

/** Hears what becomes of a client's connection. */
export interface ClientConnectionOwner {
  /** The peer's SETTINGS came: at first, and whenever they change. */
  onSettings(): void;
  /** The peer takes no new streams, and did not look at those beyond this id. */
  onGoaway(lastStreamId: number): void;
  /** A stream is over: there is room for another one. */
  onStreamGone(): void;
  onClosed(): void;
  /** A bug while an answer was read. */
  onBug(error: unknown): void;
}

/** The most ids of a connection; every other one is the client's. */
const streamIdMax = 2 ** 31 - 1;

/** The client's side of a connection. */
export class ClientConnection extends Connection {
  readonly #owner: ClientConnectionOwner;
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

  /** Opens a stream with this head. */
  request(fields: Fields, listener: StreamListener): Stream {
    const stream = this.addStream(this.#nextStreamId);
    this.#nextStreamId += 2;
    stream.listener = listener;
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
      if (this.wasOpened(streamId)) return;
      throw new ConnectionError(errorCode.protocolError, 'HEADERS of a stream that was never opened');
    }
    if (block.isMalformed) throw new StreamError(errorCode.protocolError, 'malformed fields');
    if (block.isTooLarge) throw new StreamError(errorCode.protocolError, 'more fields than the limit');
    if (!isInformational(block.fields)) stream.receiveFields(block.fields, isLast);
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId < this.#nextStreamId;
  }

  protected override sendGoaway(code: number, message: string): void {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(code, 4);
    this.writer.frame(frameType.goaway, 0, 0, Buffer.concat([payload, Buffer.from(message)]));
  }

  protected override onGoaway(lastStreamId: number): void {
    this.#isRetired = true;
    this.#owner.onGoaway(lastStreamId);
    for (const stream of [...this.streams.values()]) {
      if (stream.id > lastStreamId) stream.receiveReset(errorCode.refusedStream, false);
    }
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

  #closeWhenDone(): void {
    if (this.#isRetired && this.streams.size === 0 && !this.isClosed) this.fail(errorCode.noError);
  }
}

function isInformational(fields: Fields): boolean {
  return fields[0] === ':status' && fields[1]?.charAt(0) === '1';
}
