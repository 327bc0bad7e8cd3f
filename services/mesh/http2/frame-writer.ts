import type { Duplex } from 'node:stream';
import { flushAfterTurn } from './flush-turn.ts';
import { frameBytesMax, frameFlag, frameHeaderBytes, frameType } from './frame.ts';
import { encodedBytesMax, type HpackEncoder } from './hpack/encoder.ts';

/** Payloads from here on are sent from where they are; smaller ones are copied into one piece. */
const copiedBytesMax = 4_096;
const batchBytesMin = 512;
const batchBytesMax = 32 * 1024;

const nothing = Buffer.alloc(0);

/** Collects the frames of one turn of the event loop and sends them together. */
export class FrameWriter {
  readonly #socket: Duplex;
  readonly #onFlushed: () => void;
  readonly #pieces: Buffer[] = [];
  /** Frames side by side. None while there is nothing to send: idle connections hold no memory. */
  #batch: Buffer = nothing;
  #batchBytes = batchBytesMin;
  #start = 0;
  #end = 0;
  /** The last frame, where it was HEADERS or DATA: its stream, and where its flags are. */
  #lastStreamId = 0;
  #lastBatch: Buffer = nothing;
  #lastFlagsAt = 0;
  #isScheduled = false;
  #isClosed = false;
  #waitingBytes = 0;

  /** `onFlushed` hears that the socket takes more. */
  constructor(socket: Duplex, onFlushed: () => void) {
    this.#socket = socket;
    this.#onFlushed = onFlushed;
  }

  /** The bytes that the peer's system did not take yet. */
  get waitingBytes(): number {
    return this.#waitingBytes + this.#socket.writableLength;
  }

  frame(type: number, flags: number, streamId: number, payload: Buffer): void {
    if (this.#isClosed) return;
    const { length } = payload;
    const isCopied = length <= copiedBytesMax;
    this.#reserve(frameHeaderBytes + (isCopied ? length : 0));
    this.#header(type, flags, streamId, length);
    if (isCopied) {
      this.#batch.set(payload, this.#end);
      this.#end += length;
    } else {
      this.#cut();
      this.#pieces.push(payload);
    }
    this.#note(frameHeaderBytes + length);
  }

  /** A header block: HEADERS, and CONTINUATION where it is long. */
  fields(streamId: number, fields: readonly string[], encoder: HpackEncoder, isLast: boolean): void {
    if (this.#isClosed) return;
    const endStream = isLast ? frameFlag.endStream : 0;
    const bytesMax = encodedBytesMax(fields);
    if (bytesMax > copiedBytesMax) {
      this.#longBlock(streamId, encoder.encode(fields), endStream);
      return;
    }
    this.#reserve(frameHeaderBytes + bytesMax);
    const start = this.#end + frameHeaderBytes;
    const end = encoder.encodeInto(fields, this.#batch, start);
    this.#header(frameType.headers, frameFlag.endHeaders | endStream, streamId, end - start);
    this.#end = end;
    this.#note(frameHeaderBytes + end - start);
  }

  /** Sets END_STREAM in the last frame, where that is this stream's and was not sent yet. */
  endLast(streamId: number): boolean {
    if (this.#lastStreamId !== streamId) return false;
    this.#lastStreamId = 0;
    this.#lastBatch[this.#lastFlagsAt] = (this.#lastBatch[this.#lastFlagsAt] as number) | frameFlag.endStream;
    return true;
  }

  /** A frame whose payload is one number of 32 bits: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number): void {
    if (this.#isClosed) return;
    this.#reserve(frameHeaderBytes + 4);
    this.#header(type, 0, streamId, 4);
    this.#end = writeUint32(this.#batch, value, this.#end);
    this.#note(frameHeaderBytes + 4);
  }

  /** Bytes that are no frame: the client's preface. */
  raw(bytes: Buffer): void {
    this.#cut();
    this.#pieces.push(bytes);
    this.#note(bytes.length);
  }

  /** Sends what was collected. */
  flush(): void {
    this.#isScheduled = false;
    if (this.#isClosed) return;
    this.#send();
    if (!this.#socket.destroyed && !this.#socket.writableNeedDrain) this.#onFlushed();
  }

  /** Sends what was collected, and nothing more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#send();
  }

  #send(): void {
    this.#cut();
    const pieces = this.#pieces;
    this.#waitingBytes = 0;
    this.#lastStreamId = 0;
    this.#lastBatch = nothing;
    // The next turn will bring about as much as this one.
    this.#batchBytes = Math.max(batchBytesMin, Math.min(this.#end * 2, batchBytesMax));
    this.#batch = nothing;
    this.#start = 0;
    this.#end = 0;
    const socket = this.#socket;
    if (pieces.length > 0 && !socket.destroyed) {
      if (pieces.length > 1) socket.cork();
      for (const piece of pieces) socket.write(piece);
      if (pieces.length > 1) socket.uncork();
    }
    pieces.length = 0;
  }

  #longBlock(streamId: number, block: Buffer, endStream: number): void {
    const isWhole = block.length <= frameBytesMax;
    const flags = endStream | (isWhole ? frameFlag.endHeaders : 0);
    this.frame(frameType.headers, flags, streamId, isWhole ? block : block.subarray(0, frameBytesMax));
    for (let at = frameBytesMax; at < block.length; at += frameBytesMax) {
      const isEnd = at + frameBytesMax >= block.length;
      const part = block.subarray(at, at + frameBytesMax);
      this.frame(frameType.continuation, isEnd ? frameFlag.endHeaders : 0, streamId, part);
    }
  }

  #note(bytes: number): void {
    this.#waitingBytes += bytes;
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    flushAfterTurn(this);
  }

  #reserve(bytes: number): void {
    if (this.#end + bytes <= this.#batch.length) return;
    this.#cut();
    if (this.#batch.length > 0) this.#batchBytes = batchBytesMax;
    this.#batch = Buffer.allocUnsafe(Math.max(this.#batchBytes, bytes));
    this.#start = 0;
    this.#end = 0;
  }

  #header(type: number, flags: number, streamId: number, length: number): void {
    const batch = this.#batch;
    let at = this.#end;
    batch[at++] = length >>> 16;
    batch[at++] = length >>> 8;
    batch[at++] = length;
    batch[at++] = type;
    batch[at++] = flags;
    this.#end = writeUint32(batch, streamId, at);
    this.#lastStreamId = type <= frameType.headers ? streamId : 0;
    this.#lastBatch = batch;
    this.#lastFlagsAt = at - 1;
  }

  #cut(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#batch.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

/** Writes a number of 32 bits; returns where it ends. */
function writeUint32(bytes: Buffer, value: number, at: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}
