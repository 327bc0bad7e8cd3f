/** As much of HTTP/2 as ready-made bytes need (RFC 9113): the benchmark's load generator and upstream must cost little. */
export const preface = 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n';
export const frame = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
} as const;
export const flag = { ack: 1, endStream: 1, endHeaders: 4 } as const;
export const setting = { maxConcurrentStreams: 3, initialWindowSize: 4 } as const;
/** Where a frame has the id of its stream. */
export const streamIdAt = 5;
export const frameHeadBytes = 9;
/** More than a peer sends in a run, so that no window is granted while it is measured. */
const windowBytes = 2 ** 30;

/** A frame of stream 0, or of the stream whose id is written into it later. */
export function toFrame(type: number, flags: number, payload: Uint8Array): Buffer {
  return Buffer.concat([toFrameHead(type, flags, payload.length), payload]);
}

export function toFrameHead(type: number, flags: number, length: number, streamId = 0): Buffer {
  const head = Buffer.alloc(frameHeadBytes);
  head.writeUIntBE(length, 0, 3);
  head.writeUInt8(type, 3);
  head.writeUInt8(flags, 4);
  head.writeUInt32BE(streamId, streamIdAt);
  return head;
}

/** What either side says first: that its peer may send a lot. */
export function toFirstFrames(): Buffer {
  const settings = Buffer.alloc(6);
  settings.writeUInt16BE(setting.initialWindowSize);
  settings.writeUInt32BE(windowBytes, 2);
  return Buffer.concat([
    toFrame(frame.settings, 0, settings),
    toFrame(frame.windowUpdate, 0, settings.subarray(2)),
  ]);
}

/** The settings of a SETTINGS frame. */
export function* readSettings(payload: Buffer): Iterable<readonly [id: number, value: number]> {
  for (let at = 0; at + 6 <= payload.length; at += 6)
    yield [payload.readUInt16BE(at), payload.readUInt32BE(at + 2)];
}

/** HPACK without tables and Huffman code: each field a literal that is not indexed. */
export function toHeaderBlock(headers: Readonly<Record<string, string>>): Buffer {
  const fields = Object.entries(headers).flatMap(([name, value]) => [
    Buffer.from([0]),
    toLiteral(name),
    toLiteral(value),
  ]);
  return Buffer.concat(fields);
}

function toLiteral(text: string): Buffer {
  const length = Buffer.byteLength(text);
  if (length >= 127 + 128) throw new Error('a header of the benchmark is too long');
  return Buffer.concat([Buffer.from(length < 127 ? [length] : [127, length - 127]), Buffer.from(text)]);
}

/** Hears of each frame. */
export type TakeFrame = (type: number, flags: number, streamId: number, payload: Buffer) => void;

/** Cuts bytes into frames, however they arrive. */
export class FrameReader {
  readonly #take: TakeFrame;
  #rest: Buffer = Buffer.alloc(0);

  constructor(take: TakeFrame) {
    this.#take = take;
  }

  read(bytes: Buffer): void {
    let rest = this.#rest.length > 0 ? Buffer.concat([this.#rest, bytes]) : bytes;
    while (rest.length >= frameHeadBytes) {
      const end = frameHeadBytes + rest.readUIntBE(0, 3);
      if (rest.length < end) break;
      const payload = rest.subarray(frameHeadBytes, end);
      this.#take(rest.readUInt8(3), rest.readUInt8(4), rest.readUInt32BE(streamIdAt), payload);
      rest = rest.subarray(end);
    }
    this.#rest = rest;
  }
}
