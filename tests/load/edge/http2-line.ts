import type { Socket } from 'node:net';
import {
  FrameReader,
  flag,
  frame,
  preface,
  readSettings,
  setting,
  streamIdAt,
  toFirstFrames,
  toFrame,
  toHeaderBlock,
} from './http2-frames.ts';
import type { Line, LoadRequest } from './line.ts';

/** HTTP/2 from ready-made bytes: only the stream's id differs between calls, and answers are read by their frames. */
export class Http2Line implements Line {
  readonly #socket: Socket;
  readonly #requests: readonly Buffer[];
  readonly #dataAt: number;
  readonly #answerBytes: number | undefined;
  readonly #calls = new Map<number, { bytes: number; readonly onEnd: (isSuccess: boolean) => void }>();
  #nextId = 1;
  #callsMax = 100;

  constructor(socket: Socket, { path, headers, body, bodies = [body], answerBytes }: LoadRequest) {
    this.#socket = socket;
    const pseudo = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': '127.0.0.1' };
    const head = toFrame(frame.headers, flag.endHeaders, toHeaderBlock({ ...pseudo, ...headers }));
    this.#dataAt = head.length;
    this.#requests = bodies.map((each) => Buffer.concat([head, toFrame(frame.data, flag.endStream, each)]));
    this.#answerBytes = answerBytes;
    const reader = new FrameReader((...parts) => this.#take(...parts));
    socket.on('data', (bytes: Buffer) => reader.read(bytes));
    socket.on('error', () => {});
    socket.on('close', () => this.#lose());
    socket.write(preface);
    socket.write(toFirstFrames());
  }

  get hasRoom(): boolean {
    return this.#calls.size < this.#callsMax;
  }

  send(onEnd: (isSuccess: boolean) => void): void {
    if (this.#socket.destroyed) {
      onEnd(false);
      return;
    }
    const id = this.#nextId;
    this.#nextId += 2;
    const request = Buffer.from(this.#requests[(id >>> 1) % this.#requests.length] ?? []);
    request.writeUInt32BE(id, streamIdAt);
    request.writeUInt32BE(id, this.#dataAt + streamIdAt);
    this.#calls.set(id, { bytes: 0, onEnd });
    this.#socket.write(request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #lose(): void {
    for (const id of [...this.#calls.keys()]) this.#end(id, false);
  }

  #end(id: number, isSuccess: boolean): void {
    const call = this.#calls.get(id);
    this.#calls.delete(id);
    call?.onEnd(isSuccess && call.bytes === (this.#answerBytes ?? call.bytes));
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === frame.data) {
      const call = this.#calls.get(id);
      if (call) call.bytes += payload.length;
    }
    if ((type === frame.data || type === frame.headers) && flags & flag.endStream) this.#end(id, true);
    else if (type === frame.reset) this.#end(id, false);
    else if (type === frame.goAway) this.close();
    else if (type === frame.ping && !(flags & flag.ack))
      this.#socket.write(toFrame(frame.ping, flag.ack, payload));
    else if (type === frame.settings && !(flags & flag.ack)) this.#takeSettings(payload);
  }

  #takeSettings(payload: Buffer): void {
    for (const [id, value] of readSettings(payload)) {
      if (id === setting.maxConcurrentStreams) this.#callsMax = Math.min(this.#callsMax, value);
    }
    this.#socket.write(toFrame(frame.settings, flag.ack, Buffer.alloc(0)));
  }
}
