import type { Duplex } from 'node:stream';
import { Connection, type ConnectionOptions } from './connection.ts';
import { ConnectionError, clientPreface, errorCode, frameType, StreamError, settingId } from './frame.ts';
import type { HeaderBlock } from './header-blocks.ts';
import { hasPseudoFields } from './message-head.ts';
import { readRequestHead } from './request-head.ts';
import type { Fields, Stream } from './stream.ts';

export interface ServerConnectionOptions extends ConnectionOptions {
  /** Streams that the client may have open at a time. */
  readonly streamsMax: number;
}

/** Hears what a client does. */
export interface ServerConnectionOwner {
  /** A request: its head; `isWhole` where it has no body. */
  onRequest(stream: Stream, fields: Fields, isWhole: boolean): void;
  /** A client reset a stream that we had not finished, or broke the protocol there so that we had to. */
  onCancelled(): void;
  /** The head of a request has more bytes than the limit. It was answered. */
  onHeadTooLarge(): void;
  /** A stream is over that was told by `onRequest`; where the connection is, too, maybe after `onClosed`. */
  onStreamGone(stream: Stream): void;
  onClosed(): void;
  /** A bug, of ours or of who listens: a stream ended by it, or the connection. */
  onBug(error: unknown): void;
}

const streamIdMax = 2 ** 31 - 1;
const headTooLarge: Fields = [':status', '431', 'content-length', '0'];

/** The server's side of a connection. */
export class ServerConnection extends Connection {
  override readonly isClient = false;
  readonly #owner: ServerConnectionOwner;
  readonly #streamsMax: number;
  /** The last stream that the client opened, and the last one that we took. */
  #lastStreamId = 0;
  #takenStreamId = 0;
  #prefaceBytes = 0;
  #isDraining = false;

  constructor(socket: Duplex, options: ServerConnectionOptions, owner: ServerConnectionOwner) {
    const settings = { ...options.settings, [settingId.maxConcurrentStreams]: options.streamsMax };
    super(socket, { ...options, settings });
    this.#owner = owner;
    this.#streamsMax = options.streamsMax;
    this.open();
  }

  /** Tells the client to send no more requests soon; `onKnown` hears when it knows, and then `drain` is due. */
  announceDrain(onKnown: () => void): void {
    if (this.isClosed) return;
    this.#sendGoaway(streamIdMax, errorCode.noError, '');
    this.ping(onKnown);
  }

  /** Tells the client to send no more requests; those under way go on. */
  drain(): void {
    if (this.#isDraining || this.isClosed) return;
    this.#isDraining = true;
    this.sendGoaway(errorCode.noError, '');
    this.#closeWhenDone();
  }

  override receive(chunk: Buffer): void {
    const rest = this.#prefaceBytes < clientPreface.length ? this.#takePreface(chunk) : chunk;
    if (rest.length > 0) super.receive(rest);
  }

  protected override onFields(
    stream: Stream | undefined,
    streamId: number,
    block: HeaderBlock,
    isLast: boolean,
  ): void {
    if (stream) this.#onTrailers(stream, block, isLast);
    else this.#onRequest(streamId, block, isLast);
  }

  protected override wasOpened(streamId: number): boolean {
    return streamId % 2 === 1 && streamId <= this.#lastStreamId;
  }

  protected override sendGoaway(code: number, message: string): void {
    this.#sendGoaway(this.#takenStreamId, code, message);
  }

  #sendGoaway(lastStreamId: number, code: number, message: string): void {
    const head = Buffer.alloc(8);
    head.writeUInt32BE(lastStreamId);
    head.writeUInt32BE(code, 4);
    this.writer.frame(frameType.goaway, 0, 0, Buffer.concat([head, Buffer.from(message)]));
  }

  /** A client sends it when it leaves; its requests are still answered. */
  protected override onGoaway(): void {
    this.drain();
  }

  protected override onPeerReset(stream: Stream): void {
    if (!stream.isLocalEnded) this.#owner.onCancelled();
  }

  protected override onStreamGone(stream: Stream): void {
    this.#owner.onStreamGone(stream);
    this.#closeWhenDone();
  }

  protected override onClosed(): void {
    this.#owner.onClosed();
  }

  protected override onBug(error: unknown): void {
    this.#owner.onBug(error);
  }

  /** The answer is complete: a client that still sends is told to stop (RFC 9113, section 8.1). */
  override onLocalEnd(stream: Stream): void {
    if (!stream.isRemoteEnded) stream.reset(errorCode.noError);
  }

  #takePreface(chunk: Buffer): Buffer {
    const missing = clientPreface.length - this.#prefaceBytes;
    const part = chunk.subarray(0, missing);
    const expected = clientPreface.subarray(this.#prefaceBytes, this.#prefaceBytes + part.length);
    this.#prefaceBytes += part.length;
    if (part.equals(expected)) return chunk.subarray(part.length);
    this.fail(errorCode.protocolError, 'not the preface of HTTP/2');
    return chunk.subarray(chunk.length);
  }

  #onRequest(streamId: number, block: HeaderBlock, isLast: boolean): void {
    if (streamId % 2 === 0)
      throw new ConnectionError(errorCode.protocolError, 'a stream with an id of the server');
    if (streamId <= this.#lastStreamId)
      throw new ConnectionError(errorCode.streamClosed, 'HEADERS of a closed stream');
    this.#lastStreamId = streamId;
    if (this.#isDraining || this.streams.size >= this.#streamsMax) {
      throw new StreamError(errorCode.refusedStream, 'no more streams');
    }
    this.#takenStreamId = streamId;
    if (block.isTooLarge) {
      this.#refuseHead(streamId, isLast);
      return;
    }
    if (block.isMalformed) throw new StreamError(errorCode.protocolError, 'malformed fields');
    const bodyBytes = readRequestHead(block.fields, isLast);
    const opened = this.addStream(streamId);
    opened.bodyBytesLeft = bodyBytes;
    opened.isRemoteEnded = isLast;
    try {
      this.#owner.onRequest(opened, block.fields, isLast);
    } catch (error) {
      this.onListenerError(opened, error);
    }
  }

  #onTrailers(stream: Stream, block: HeaderBlock, isLast: boolean): void {
    if (!isLast || block.isMalformed || block.isTooLarge || hasPseudoFields(block.fields)) {
      throw new StreamError(errorCode.protocolError, 'trailers that are none');
    }
    if (stream.bodyBytesLeft) throw new StreamError(errorCode.protocolError, 'a body shorter than announced');
    stream.receiveFields(block.fields, true);
  }

  #refuseHead(streamId: number, isLast: boolean): void {
    this.countIdleFrame();
    this.#owner.onHeadTooLarge();
    this.sendFields(streamId, headTooLarge, true);
    if (!isLast) this.sendReset(streamId, errorCode.noError);
  }

  #closeWhenDone(): void {
    if (!this.#isDraining || this.streams.size > 0 || this.isClosed) return;
    this.fail(errorCode.noError);
  }
}
