import type { Duplex } from 'node:stream';
import { frameHeaderBytes } from './frame.ts';

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
  #isScheduled = false;
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
    this.#waitingBytes += frameHeaderBytes + length;
    this.#schedule();
  }

  /** A frame whose payload is one number of 32 bits: RST_STREAM, WINDOW_UPDATE. */
  number(type: number, streamId: number, value: number): void {
    this.#reserve(frameHeaderBytes + 4);
    this.#header(type, 0, streamId, 4);
    this.#end = this.#batch.writeUInt32BE(value, this.#end);
    this.#waitingBytes += frameHeaderBytes + 4;
    this.#schedule();
  }

  /** Bytes that are no frame: the client's preface. */
  raw(bytes: Buffer): void {
    this.#cut();
    this.#pieces.push(bytes);
    this.#waitingBytes += bytes.length;
    this.#schedule();
  }

  /** Sends what was collected. */
  flush(): void {
    this.#isScheduled = false;
    this.#cut();
    if (this.#pieces.length === 0 || this.#socket.destroyed) return;
    this.#waitingBytes = 0;
    if (this.#pieces.length > 1) this.#socket.cork();
    for (const piece of this.#pieces) this.#socket.write(piece);
    if (this.#pieces.length > 1) this.#socket.uncork();
    this.#pieces.length = 0;
    // The next turn will bring about as much as this one.
    this.#batchBytes = Math.max(batchBytesMin, Math.min(this.#end * 2, batchBytesMax));
    this.#batch = nothing;
    this.#start = 0;
    this.#end = 0;
    if (!this.#socket.writableNeedDrain) this.#onFlushed();
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(flush, this);
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
    this.#end = batch.writeUInt32BE(streamId, at);
  }

  #cut(): void {
    if (this.#end === this.#start) return;
    this.#pieces.push(this.#batch.subarray(this.#start, this.#end));
    this.#start = this.#end;
  }
}

function flush(writer: FrameWriter): void {
  writer.flush();
}
