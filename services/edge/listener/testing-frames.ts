import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { closeAfterTest } from './testing.ts';

/** The types of HTTP/2 frames (RFC 9113, section 6). */
export const frameType = {
  data: 0,
  headers: 1,
  reset: 3,
  settings: 4,
  ping: 6,
  goAway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const endStream = 0x1;
export const endHeaders = 0x4;
export const ack = 0x1;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

/** A frame as on the wire. */
export function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Uint8Array = Buffer.alloc(0),
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** A frame's 32-bit number: an error code, a window's increment. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** A POST's head as HPACK writes it without its tables. */
export function headerBlock(fields: Readonly<Record<string, string>> = {}): Buffer {
  const all = { ':method': 'POST', ':scheme': 'http', ':path': '/call', ':authority': 'edge', ...fields };
  const parts = Object.entries(all).map(([name, value]) =>
    Buffer.concat([Buffer.from([0]), hpackText(name), hpackText(value)]),
  );
  return Buffer.concat(parts);
}

/** The HEADERS frame of a request, and CONTINUATION frames where it is long. */
export function headersFrames(streamId: number, flags: number, block: Buffer = headerBlock()): Buffer {
  const pieces: Buffer[] = [];
  for (let at = 0; at < block.length; at += 16_384) pieces.push(block.subarray(at, at + 16_384));
  const frames = pieces.map((piece, i) => {
    const isLast = i === pieces.length - 1 ? endHeaders : 0;
    if (i === 0) return frame(frameType.headers, flags | isLast, streamId, piece);
    return frame(frameType.continuation, isLast, streamId, piece);
  });
  return Buffer.concat(frames);
}

function hpackText(text: string): Buffer {
  const prefixMax = 127;
  const length = [Math.min(text.length, prefixMax)];
  if (text.length >= prefixMax) {
    let rest = text.length - prefixMax;
    for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
    length.push(rest);
  }
  return Buffer.concat([Buffer.from(length), Buffer.from(text)]);
}

/** A client that writes HTTP/2's frames by hand. By itself it only sends the preface, and says that it got SETTINGS and PING. */
export class FrameClient {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  isClosed = false;
  readonly #acknowledges: boolean;
  #rest = Buffer.alloc(0);
  readonly #wakes: (() => void)[] = [];

  constructor(socket: Socket, acknowledges: boolean) {
    this.socket = socket;
    this.#acknowledges = acknowledges;
    socket.on('error', () => {});
    socket.on('close', () => {
      this.isClosed = true;
      for (const wake of this.#wakes.splice(0)) wake();
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    socket.write(
      Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), frame(frameType.settings, 0, 0)]),
    );
  }

  static async dial({ port }: { readonly port: number }, acknowledges = true): Promise<FrameClient> {
    const socket = connect(port, '127.0.0.1');
    closeAfterTest(() => socket.destroy());
    await once(socket, 'connect');
    return new FrameClient(socket, acknowledges);
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The first frame of this type, on this stream if it is given. */
  async next(type: number, streamId?: number): Promise<Frame> {
    const find = () =>
      this.frames.find((one) => one.type === type && (streamId === undefined || one.streamId === streamId));
    await this.until(() => find() !== undefined);
    return find() as Frame;
  }

  /** What came on a stream, without the windows' updates. */
  of(streamId: number): Frame[] {
    return this.frames.filter((one) => one.streamId === streamId && one.type !== frameType.windowUpdate);
  }

  async closed(): Promise<void> {
    while (!this.isClosed) await this.#change();
  }

  /** Waits until the server has dealt with all that was sent: it answers a PING after that. */
  async settled(): Promise<void> {
    const token = Buffer.from(String(this.#pings++).padStart(8, '0'));
    this.send(frame(frameType.ping, 0, 0, token));
    await this.until(() =>
      this.frames.some(({ type, payload }) => type === frameType.ping && payload.equals(token)),
    );
  }
  #pings = 0;

  /** Waits for it; rejects where the connection closes before. */
  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (this.isClosed) throw new Error('the connection closed before');
      await this.#change();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#wakes.push(resolve));
  }

  #take(chunk: Buffer): void {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    while (this.#rest.length >= 9) {
      const end = 9 + this.#rest.readUIntBE(0, 3);
      if (this.#rest.length < end) break;
      const type = this.#rest[3] ?? 0;
      const flags = this.#rest[4] ?? 0;
      const streamId = this.#rest.readUInt32BE(5);
      const payload = this.#rest.subarray(9, end);
      if (this.#acknowledges && flags === 0) this.#acknowledge(type, payload);
      this.frames.push({ type, flags, streamId, payload });
      this.#rest = this.#rest.subarray(end);
    }
    for (const wake of this.#wakes.splice(0)) wake();
  }

  #acknowledge(type: number, payload: Buffer): void {
    if (type === frameType.settings) this.send(frame(type, ack, 0));
    if (type === frameType.ping) this.send(frame(type, ack, 0, payload));
  }
}
