import { ConnectionError, errorCode, frameBytesMax, frameHeaderBytes } from './frame.ts';

/** Takes a frame; the payload is a view that stays as it is. */
export type OnFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

const nothing = Buffer.alloc(0);

/** Cuts the bytes of a connection into frames. Copies only a frame that lies in two chunks. */
export class FrameReader {
  readonly #onFrame: OnFrame;
  #begun: Buffer = nothing;

  constructor(onFrame: OnFrame) {
    this.#onFrame = onFrame;
  }

  /** Takes a chunk. Throws ConnectionError for a frame that is too large, and what `onFrame` throws. */
  read(chunk: Buffer): void {
    let at = 0;
    while (this.#begun.length > 0) {
      const missing = missingBytes(this.#begun);
      const part = chunk.subarray(at, at + missing);
      at += part.length;
      this.#begun = Buffer.concat([this.#begun, part]);
      if (part.length < missing) return;
      if (missingBytes(this.#begun) > 0) continue;
      const whole = this.#begun;
      this.#begun = nothing;
      this.#emit(whole, 0);
    }
    while (chunk.length - at >= frameHeaderBytes) {
      const end = at + frameHeaderBytes + payloadBytes(chunk, at);
      if (end > chunk.length) break;
      this.#emit(chunk, at);
      at = end;
    }
    if (at < chunk.length) this.#begun = Buffer.from(chunk.subarray(at));
  }

  #emit(bytes: Buffer, at: number): void {
    const length = payloadBytes(bytes, at);
    const start = at + frameHeaderBytes;
    const streamId = bytes.readUInt32BE(at + 5) & 0x7fff_ffff;
    this.#onFrame(
      bytes[at + 3] as number,
      bytes[at + 4] as number,
      streamId,
      bytes.subarray(start, start + length),
    );
  }
}

/** What a begun frame lacks: of its header, or of its payload. */
function missingBytes(begun: Buffer): number {
  if (begun.length < frameHeaderBytes) return frameHeaderBytes - begun.length;
  return frameHeaderBytes + payloadBytes(begun, 0) - begun.length;
}

function payloadBytes(bytes: Buffer, at: number): number {
  const length = bytes.readUIntBE(at, 3);
  if (length <= frameBytesMax) return length;
  throw new ConnectionError(errorCode.frameSizeError, `a frame of ${length} bytes`);
}
