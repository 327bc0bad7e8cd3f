import type { Connection } from './connection.ts';
import { frameBytesMax } from './frame.ts';

/** Header or trailer fields: name, value, name, value, … */
export type Fields = readonly string[];

/** Hears a stream. After `onEnd` of a stream whose own side ended, or `onReset`, nothing more comes. */
export interface StreamListener {
  /** A head or trailers. `isLast`: nothing comes after them, and no `onEnd` either. */
  onFields(fields: Fields, isLast: boolean): void;
  onData(chunk: Buffer): void;
  /** The peer ended its side by data. */
  onEnd(): void;
  /** The stream is no more: the peer reset it with this code, or the connection is gone (`isLost`). */
  onReset(code: number, isLost: boolean): void;
  /** After `write` said false: more may be written. */
  onDrain(): void;
}

/** What a stream holds of data that the peer does not take yet, before who writes should wait. */
const queuedBytesMax = 64 * 1024;

type Held = Buffer | { readonly fields: Fields } | 'end';

/** One stream of an HTTP/2 connection, of either role. */
export class Stream {
  readonly id: number;
  listener: StreamListener | undefined;
  /** What the peer still takes of data. */
  sendWindowBytes: number;
  isLocalEnded = false;
  isRemoteEnded = false;
  isClosed = false;
  /** Set by the peer's `content-length`: how much is still to come. */
  bodyBytesLeft: number | undefined;
  readonly #connection: Connection;
  readonly #queue: Buffer[] = [];
  #queuedBytes = 0;
  #isEnding = false;
  #trailers: Fields | undefined;
  #wantsDrain = false;
  /** What arrived and was not told yet. */
  #held: Held[] | undefined;
  #isPaused = false;
  /** What the peer may have sent beyond what it was told that we took. */
  #receivedBytes = 0;
  #consumedBytes = 0;

  constructor(connection: Connection, id: number, sendWindowBytes: number) {
    this.#connection = connection;
    this.id = id;
    this.sendWindowBytes = sendWindowBytes;
  }

  /** Sends a head. */
  sendFields(fields: Fields, isLast: boolean): void {
    if (this.isClosed || this.isLocalEnded) return;
    this.#connection.sendFields(this.id, fields, isLast);
    if (isLast) this.#endLocal();
  }

  /** Sends data; false where the peer takes it more slowly: wait for `onDrain`. */
  write(chunk: Buffer): boolean {
    if (this.isClosed || this.isLocalEnded || this.#isEnding || chunk.length === 0) return true;
    if (this.#queue.length === 0) this.#send(chunk);
    else this.#enqueue(chunk);
    if (this.#queuedBytes <= queuedBytesMax) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Ends our side, with trailers where given, once everything before was sent. */
  end(trailers?: Fields): void {
    if (this.isClosed || this.isLocalEnded || this.#isEnding) return;
    this.#isEnding = true;
    this.#trailers = trailers;
    if (this.#queue.length === 0) this.#sendEnd();
  }

  /** Ends the stream at once. The listener hears nothing more. */
  reset(code: number): void {
    if (this.isClosed) return;
    this.#connection.sendReset(this.id, code);
    this.close();
  }

  /** Holds the peer back: what still arrives, up to its window, is held. */
  pause(): void {
    this.#isPaused = true;
  }

  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    if (this.#held) this.#deliverHeld();
  }

  /** The peer, or the connection, takes more data. */
  flush(): void {
    while (this.#queue.length > 0 && this.#connection.takesData && this.sendWindowBytes > 0) {
      const chunk = this.#queue.shift() as Buffer;
      this.#queuedBytes -= chunk.length;
      this.#send(chunk, true);
    }
    if (this.#queue.length > 0) return;
    if (this.#isEnding) this.#sendEnd();
    else if (this.#wantsDrain) {
      this.#wantsDrain = false;
      this.listener?.onDrain();
    }
  }

  /** True where data waits to be sent. */
  get isBlocked(): boolean {
    return this.#queue.length > 0;
  }

  receiveFields(fields: Fields, isLast: boolean): void {
    if (isLast) this.isRemoteEnded = true;
    if (this.#held) this.#held.push({ fields });
    else this.listener?.onFields(fields, isLast);
    if (isLast && this.isLocalEnded && !this.#held) this.close();
  }

  /** `frameBytes` counts what the frame takes of the window, padding included. False: beyond the window. */
  receiveData(chunk: Buffer, frameBytes: number, isLast: boolean): boolean {
    this.#receivedBytes += frameBytes;
    if (this.#receivedBytes > this.#connection.streamWindowBytes) return false;
    if (isLast) this.isRemoteEnded = true;
    if (frameBytes > chunk.length) this.#consume(frameBytes - chunk.length);
    if (this.#isPaused || this.#held) this.#hold(chunk, isLast);
    else this.#deliver(chunk, isLast);
    return true;
  }

  receiveReset(code: number, isLost: boolean): void {
    if (this.isClosed) return;
    const { listener } = this;
    this.close();
    listener?.onReset(code, isLost);
  }

  /** Forgets everything; tells nobody. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    const unread = this.#receivedBytes - this.#consumedBytes;
    this.#held = undefined;
    this.listener = undefined;
    this.#connection.onStreamClosed(this, unread);
  }

  #send(chunk: Buffer, isQueued = false): void {
    const connection = this.#connection;
    let at = 0;
    while (at < chunk.length && connection.takesData && this.sendWindowBytes > 0) {
      const end = Math.min(
        at + Math.min(frameBytesMax, this.sendWindowBytes, connection.sendWindowBytes),
        chunk.length,
      );
      connection.sendData(this, at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
      at = end;
    }
    if (at === chunk.length) return;
    const rest = at === 0 ? chunk : chunk.subarray(at);
    if (isQueued) this.#queue.unshift(rest);
    else this.#queue.push(rest);
    this.#queuedBytes += rest.length;
    connection.onStreamBlocked(this);
  }

  #enqueue(chunk: Buffer): void {
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
  }

  #sendEnd(): void {
    const trailers = this.#trailers;
    if (trailers && trailers.length > 0) this.#connection.sendFields(this.id, trailers, true);
    else this.#connection.sendEnd(this.id);
    this.#endLocal();
  }

  #endLocal(): void {
    this.isLocalEnded = true;
    this.#connection.onLocalEnd(this);
    if (this.isRemoteEnded && !this.#held) this.close();
  }

  #hold(chunk: Buffer, isLast: boolean): void {
    this.#held ??= [];
    if (chunk.length > 0) this.#held.push(chunk);
    if (isLast) this.#held.push('end');
  }

  #deliver(chunk: Buffer, isLast: boolean): void {
    if (chunk.length > 0) {
      this.#consume(chunk.length);
      this.listener?.onData(chunk);
    }
    if (!isLast || this.isClosed) return;
    this.listener?.onEnd();
    if (this.isLocalEnded) this.close();
  }

  #deliverHeld(): void {
    const held = this.#held ?? [];
    while (held.length > 0 && !this.#isPaused && !this.isClosed) {
      const next = held.shift() as Held;
      if (next === 'end') this.listener?.onEnd();
      else if (Buffer.isBuffer(next)) {
        this.#consume(next.length);
        this.listener?.onData(next);
      } else this.listener?.onFields(next.fields, this.isRemoteEnded && held.length === 0);
    }
    if (held.length > 0 || this.isClosed) return;
    this.#held = undefined;
    if (this.isRemoteEnded && this.isLocalEnded) this.close();
  }

  /** Tells the peer, from time to time, that there is room again. */
  #consume(bytes: number): void {
    this.#consumedBytes += bytes;
    this.#connection.onConsumed(bytes);
    if (this.isRemoteEnded || this.#consumedBytes * 2 < this.#connection.streamWindowBytes) return;
    this.#connection.sendWindowUpdate(this.id, this.#consumedBytes);
    this.#receivedBytes -= this.#consumedBytes;
    this.#consumedBytes = 0;
  }
}
