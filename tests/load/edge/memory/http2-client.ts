import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import {
  FrameReader,
  flag,
  frame,
  preface,
  readSettings,
  setting,
  toFrame,
  toFrameHead,
  toHeaderBlock,
} from '../http2-frames.ts';
import { ClientStream } from './client-stream.ts';
import type { ScriptedRequest } from './requests.ts';

export const windowBytesMax = 2 ** 30;

export interface Http2ClientOptions {
  readonly port: number;
  readonly apiKey: string;
  /** The loopback address that the client has: one address may have 1,000 connections. */
  readonly address?: string;
  /** What it takes of each stream before it grants more. */
  readonly windowBytes?: number;
}

/** A client that reads as fast or as slowly as it is told, and counts. */
export class Http2Client {
  readonly socket: Socket;
  readonly #apiKey: string;
  readonly #streams = new Map<number, ClientStream>();
  readonly #pings: (() => void)[] = [];
  #nextId = 1;
  /** What the edge takes of all streams, and of a new one. */
  #window = 65_535;
  #streamWindow = 65_535;
  #unackedBytes = 0;

  static async open(options: Http2ClientOptions): Promise<Http2Client> {
    const { port, address = '127.0.0.1' } = options;
    const socket = connect({ port, host: '127.0.0.1', localAddress: address, noDelay: true });
    await once(socket, 'connect');
    return new Http2Client(socket, options);
  }

  private constructor(socket: Socket, { apiKey, windowBytes = windowBytesMax }: Http2ClientOptions) {
    this.socket = socket;
    this.#apiKey = apiKey;
    const reader = new FrameReader((...parts) => this.#take(...parts));
    socket.on('data', (bytes: Buffer) => reader.read(bytes));
    socket.on('drain', () => this.#pump());
    socket.on('error', () => {});
    socket.on('close', () => {
      for (const id of [...this.#streams.keys()]) this.#end(id, 'lost');
      for (const onAnswer of this.#pings.splice(0)) onAnswer();
    });
    const settings = Buffer.alloc(6);
    settings.writeUInt16BE(setting.initialWindowSize);
    settings.writeUInt32BE(windowBytes, 2);
    socket.write(preface);
    socket.write(toFrame(frame.settings, 0, settings));
    this.grant(0, windowBytesMax);
  }

  /** Calls; the request goes on, as an upload, where it is not whole. */
  call({ path, headers, body }: ScriptedRequest, { isWhole = true } = {}): ClientStream {
    const id = this.#nextId;
    this.#nextId += 2;
    const stream = new ClientStream(this, id, this.#streamWindow);
    this.#streams.set(id, stream);
    const pseudo = { ':method': 'POST', ':scheme': 'http', ':path': path, ':authority': '127.0.0.1' };
    const block = toHeaderBlock({ ...pseudo, ...headers, authorization: `Bearer ${this.#apiKey}` });
    this.socket.write(Buffer.concat([toFrameHead(frame.headers, flag.endHeaders, block.length, id), block]));
    const flags = isWhole ? flag.endStream : 0;
    this.socket.write(Buffer.concat([toFrameHead(frame.data, flags, body.length, id), body]));
    this.#window -= body.length;
    stream.window -= body.length;
    stream.sentBytes += body.length;
    return stream;
  }

  /** How much may be sent on a stream now. */
  roomFor(stream: ClientStream): number {
    return this.socket.writableNeedDrain ? 0 : Math.min(this.#window, stream.window);
  }

  sendData(stream: ClientStream, bytes: Buffer, isLast: boolean): void {
    this.#window -= bytes.length;
    stream.window -= bytes.length;
    this.socket.write(toFrameHead(frame.data, isLast ? flag.endStream : 0, bytes.length, stream.id));
    this.socket.write(bytes);
  }

  /** Lets the edge send more on a stream, or on all (0). */
  grant(id: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.socket.write(Buffer.concat([toFrameHead(frame.windowUpdate, 0, 4, id), payload]));
  }

  reset(id: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(8);
    this.socket.write(Buffer.concat([toFrameHead(frame.reset, 0, 4, id), payload]));
    this.#end(id, 'cancelled');
  }

  /** Resolves when the edge answered, which it does after all that it was sent before. */
  ping(): Promise<void> {
    if (this.socket.destroyed) return Promise.resolve();
    this.socket.write(toFrame(frame.ping, 0, Buffer.alloc(8)));
    return new Promise((resolve) => this.#pings.push(resolve));
  }

  close(): void {
    this.socket.destroy();
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === frame.data) this.#takeData(id, payload.length);
    if ((type === frame.data || type === frame.headers) && flags & flag.endStream) this.#end(id, 'answered');
    else if (type === frame.reset) this.#end(id, 'reset');
    else if (type === frame.ping && flags & flag.ack) this.#pings.shift()?.();
    else if (type === frame.ping) this.socket.write(toFrame(frame.ping, flag.ack, payload));
    else if (type === frame.settings && !(flags & flag.ack)) this.#takeSettings(payload);
    else if (type === frame.windowUpdate) this.#widen(id, payload.readUInt32BE());
    else if (type === frame.goAway) this.close();
  }

  #takeData(id: number, bytes: number): void {
    this.#unackedBytes += bytes;
    if (this.#unackedBytes * 2 > windowBytesMax) {
      this.grant(0, this.#unackedBytes);
      this.#unackedBytes = 0;
    }
    this.#streams.get(id)?.receive(bytes);
  }

  #takeSettings(payload: Buffer): void {
    for (const [id, value] of readSettings(payload)) {
      if (id !== setting.initialWindowSize) continue;
      for (const stream of this.#streams.values()) stream.window += value - this.#streamWindow;
      this.#streamWindow = value;
    }
    this.socket.write(toFrame(frame.settings, flag.ack, Buffer.alloc(0)));
    this.#pump();
  }

  #widen(id: number, bytes: number): void {
    const stream = this.#streams.get(id);
    if (id === 0) this.#window += bytes;
    else if (stream) stream.window += bytes;
    this.#pump();
  }

  #pump(): void {
    for (const stream of this.#streams.values()) stream.pump();
  }

  #end(id: number, how: StreamEnd): void {
    const stream = this.#streams.get(id);
    this.#streams.delete(id);
    stream?.finish(how);
  }
}

/** How a call was over for its client: answered to its end, or not. */
export type StreamEnd = 'answered' | 'reset' | 'cancelled' | 'lost';
