import { ConnectionError, errorCode, frameBytesMax, frameHeaderBytes } from './frame.ts';

/** Takes a frame; the payload is a view that stays as it is. */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts the bytes of a connection into frames. Copies only a frame that lies in two chunks, and each byte of it once. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  /** The frame that the last chunk left unfinished: room for its header, or for all of it once its length is known. */
  #begun: Buffer | undefined;
  #begunBytes = 0;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Takes a chunk. Throws ConnectionError for a frame that is too large, and what `onFrame` throws. */
  read(chunk: Buffer): void {
    let at = this.#begun ? this.#finish(this.#begun, chunk) : 0;
    while (chunk.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + payloadBytes(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at, end);
      at = end;
    }
    if (at < chunk.length) this.#begin(chunk, at);
  }

  #begin(chunk: Buffer, at: number): void {
    const isHeaderWhole = chunk.length - at >= frameHeaderBytes;
    const bytes = frameHeaderBytes + (isHeaderWhole ? payloadBytes(chunk, at) : 0);
    const begun = Buffer.allocUnsafe(bytes);
    this.#begun = begun;
    this.#begunBytes = chunk.copy(begun, 0, at);
  }

  /** Goes on with the unfinished frame; returns where the chunk's next frame begins. */
  #finish(begun: Buffer, chunk: Buffer): number {
    const at = chunk.copy(begun, this.#begunBytes);
    this.#begunBytes += at;
    if (this.#begunBytes < begun.length) return at;
    const bytes = frameHeaderBytes + payloadBytes(begun, 0);
    if (bytes > begun.length) {
      const whole = Buffer.allocUnsafe(bytes);
      begun.copy(whole);
      this.#begun = whole;
      return at + this.#finish(whole, chunk.subarray(at));
    }
    this.#begun = undefined;
    this.#emit(begun, 0, bytes);
    return at;
  }

  #emit(bytes: Buffer, at: number, end: number): void {
    const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    const payload = bytes.subarray(at + frameHeaderBytes, end);
    this.#onFrame(bytes[at + 3] as number, bytes[at + 4] as number, streamId, payload);
  }
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = ((bytes[at] as number) << 16) | ((bytes[at + 1] as number) << 8) | (bytes[at + 2] as number);
  if (length <= frameBytesMax) return length;
  throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`);
}
