import { ChunkQueue } from './chunk-queue.ts';
import type { Connection } from './connection.ts';
import { errorCode, frameBytesMax, StreamError, windowBytesDefault } from './frame.ts';
import { HeldInput } from './held-input.ts';

/** Header or trailer fields: name, value, name, value, … */
export type Fields = readonly string[];

/**
 * Hears a stream. After `onEnd` of a stream whose own side ended, or `onReset`, nothing more comes. An error thrown here
 * resets the stream with INTERNAL_ERROR, which `onReset` hears, and nothing else.
 */
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
const queuedBytesMax = 16 * 1024;

/** One stream of an HTTP/2 connection, of either role. */
export class Stream {
  readonly id: number;
  listener: StreamListener | undefined;
  /** What the peer still takes of data. */
  sendWindowBytes: number;
  isLocalEnded = false;
  isRemoteEnded = false;
  isClosed = false;
  /** False for an answer without its head. */
  takesBody = true;
  /** Set by the peer's `content-length`: how much is still to come. */
  bodyBytesLeft: number | undefined;
  readonly #connection: Connection;
  /** None while nothing waits to be sent. */
  #queue: ChunkQueue | undefined;
  #isEnding = false;
  #trailers: Fields | undefined;
  #wantsDrain = false;
  /** What arrived and was not told yet. */
  #held: HeldInput | undefined;
  #isPaused = false;
  /** While something is told that nothing may overtake. */
  #isTelling = false;
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
    const mustWait = this.#queue !== undefined || this.#connection.hasBlocked;
    const sent = mustWait ? 0 : this.#send(chunk, chunk.length);
    if (sent === chunk.length) return true;
    this.#queue ??= new ChunkQueue();
    this.#queue.push(sent === 0 ? chunk : chunk.subarray(sent));
    this.#awaitTurn();
    if (this.#queue.bytes <= queuedBytesMax) return true;
    this.#wantsDrain = true;
    return false;
  }

  /** Ends our side, with trailers where given, once everything before was sent. */
  end(trailers?: Fields): void {
    if (this.isClosed || this.isLocalEnded || this.#isEnding) return;
    this.#isEnding = true;
    this.#trailers = trailers;
    if (!this.#queue) this.#sendEnd();
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
    if (this.#held && !this.#isTelling) this.#tellHeld(this.#held);
  }

  /** The peer, or the connection, takes more data: sends up to this much of what waits. */
  flush(bytesMax: number): void {
    const queue = this.#queue;
    if (!queue) return;
    let left = bytesMax;
    while (left > 0) {
      const chunk = queue.shift();
      if (!chunk) break;
      const sent = this.#send(chunk, left);
      left -= sent;
      if (sent === chunk.length) continue;
      queue.unshift(sent === 0 ? chunk : chunk.subarray(sent));
      break;
    }
    if (queue.bytes > 0) {
      this.#awaitTurn();
      return;
    }
    this.#queue = undefined;
    if (this.#isEnding) this.#sendEnd();
    else if (this.#wantsDrain) {
      this.#wantsDrain = false;
      this.#tellDrain();
    }
  }

  /** True where data waits to be sent. */
  get isBlocked(): boolean {
    return this.#queue !== undefined;
  }

  receiveFields(fields: Fields, isLast: boolean): void {
    if (isLast) this.isRemoteEnded = true;
    if (this.#isPaused || this.#held) {
      this.#held ??= new HeldInput();
      if (isLast) this.#held.end = fields;
      else this.#held.heads.push(fields);
      return;
    }
    this.#tellFields(fields, isLast);
    this.#closeIfComplete();
  }

  /**
   * `frameBytes` counts what the frame takes of the window, padding included. Throws StreamError for data that the
   * stream has no room for, or that its head did not announce.
   */
  receiveData(chunk: Buffer, frameBytes: number, isLast: boolean): void {
    this.#receivedBytes += frameBytes;
    // The peer may not have read our SETTINGS: then it takes the window for the default.
    if (this.#receivedBytes > Math.max(this.#connection.streamWindowBytes, windowBytesDefault)) {
      throw new StreamError(errorCode.flowControlError, 'more data than the stream has room for');
    }
    if (!this.takesBody) throw new StreamError(errorCode.protocolError, 'a body before its head');
    if (this.bodyBytesLeft !== undefined) this.#countBody(chunk.length, isLast);
    if (isLast) this.isRemoteEnded = true;
    if (frameBytes > chunk.length) this.#consume(frameBytes - chunk.length);
    if (this.#isPaused || this.#held) this.#hold(chunk, isLast);
    else if (isLast) this.#tellLastData(chunk);
    else if (chunk.length > 0) this.#tellData(chunk);
  }

  receiveReset(code: number, isLost: boolean): void {
    if (this.isClosed) return;
    if (
      this.#held &&
      this.isRemoteEnded &&
      this.#connection.isClient &&
      (isLost || code === errorCode.noError)
    ) {
      // The answer is complete and nobody waits for the rest of the request: it can still be read.
      this.isLocalEnded = true;
      this.#queue = undefined;
      this.#connection.onStreamUnblocked(this);
      return;
    }
    const { listener } = this;
    this.close();
    try {
      listener?.onReset(code, isLost);
    } catch (error) {
      this.#connection.onListenerError(this, error);
    }
  }

  /** Forgets everything; tells nobody. */
  close(): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.#queue = undefined;
    this.#held = undefined;
    this.listener = undefined;
    this.#connection.onStreamClosed(this, this.#receivedBytes - this.#consumedBytes);
  }

  /** Sends of a chunk what there is room for, up to this much; returns how much that was. */
  #send(chunk: Buffer, bytesMax: number): number {
    const connection = this.#connection;
    const end = Math.min(chunk.length, bytesMax);
    let at = 0;
    while (at < end && this.sendWindowBytes > 0 && connection.takesData) {
      const bytes = Math.min(end - at, frameBytesMax, this.sendWindowBytes, connection.sendWindowBytes);
      const isWhole = at + bytes === chunk.length;
      connection.sendData(this, bytes === chunk.length ? chunk : chunk.subarray(at, at + bytes), isWhole);
      at += bytes;
    }
    return at;
  }

  /** A stream whose own window is empty waits for that alone. */
  #awaitTurn(): void {
    if (this.sendWindowBytes > 0) this.#connection.onStreamBlocked(this);
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
    this.#closeIfComplete();
  }

  #closeIfComplete(): void {
    if (this.isRemoteEnded && this.isLocalEnded && !this.#held && !this.#isTelling) this.close();
  }

  #countBody(bytes: number, isLast: boolean): void {
    const left = (this.bodyBytesLeft as number) - bytes;
    this.bodyBytesLeft = left;
    if (left < 0 || (isLast && left > 0)) {
      throw new StreamError(errorCode.protocolError, 'a body of another length than announced');
    }
  }

  #hold(chunk: Buffer, isLast: boolean): void {
    this.#held ??= new HeldInput();
    if (chunk.length > 0) this.#held.data.push(chunk);
    if (isLast) this.#held.end = 'data';
  }

  #tellHeld(held: HeldInput): void {
    this.#isTelling = true;
    while (!this.#isPaused && !this.isClosed && !held.isEmpty) this.#tellNext(held);
    this.#isTelling = false;
    if (!held.isEmpty || this.isClosed) return;
    this.#held = undefined;
    this.#closeIfComplete();
  }

  #tellNext(held: HeldInput): void {
    const head = held.heads.shift();
    if (head) {
      this.#tellFields(head, false);
      return;
    }
    const chunk = held.data.shift();
    if (chunk) {
      this.#tellData(chunk);
      return;
    }
    const { end } = held;
    held.end = undefined;
    if (end === 'data') this.#tellEnd();
    else if (end) this.#tellFields(end, true);
  }

  /** The listener may end our side, or pause, before it heard of the peer's end. */
  #tellLastData(chunk: Buffer): void {
    this.#isTelling = true;
    if (chunk.length > 0) this.#tellData(chunk);
    this.#isTelling = false;
    if (this.isClosed) return;
    if (this.#isPaused) {
      this.#hold(chunk.subarray(chunk.length), true);
      return;
    }
    this.#tellEnd();
    this.#closeIfComplete();
  }

  #tellFields(fields: Fields, isLast: boolean): void {
    try {
      this.listener?.onFields(fields, isLast);
    } catch (error) {
      this.#connection.onListenerError(this, error);
    }
  }

  #tellData(chunk: Buffer): void {
    this.#consume(chunk.length);
    try {
      this.listener?.onData(chunk);
    } catch (error) {
      this.#connection.onListenerError(this, error);
    }
  }

  #tellEnd(): void {
    try {
      this.listener?.onEnd();
    } catch (error) {
      this.#connection.onListenerError(this, error);
    }
  }

  #tellDrain(): void {
    try {
      this.listener?.onDrain();
    } catch (error) {
      this.#connection.onListenerError(this, error);
    }
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
