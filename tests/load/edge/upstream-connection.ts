import type { Socket } from 'node:net';
import { QueryResponseSchema, StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
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
  toFrameHead,
  toHeaderBlock,
} from './http2-frames.ts';
import { queryResponse, streamMark, streamMessageCount, streamResponse, toEnvelope } from './messages.ts';

const answer = toEnvelope(QueryResponseSchema, queryResponse);
/** Messages in one DATA frame: a busy stream of a real server is written out like this, too. */
const messagesPerPart = 10;
const part = Buffer.concat(
  Array(messagesPerPart).fill(toEnvelope(StreamQueryResponseSchema, streamResponse)),
);
const headFrame = toFrame(
  frame.headers,
  flag.endHeaders,
  toHeaderBlock({ ':status': '200', 'content-type': 'application/grpc+proto' }),
);
const trailersFrame = toFrame(
  frame.headers,
  flag.endHeaders | flag.endStream,
  toHeaderBlock({ 'grpc-status': '0' }),
);

interface Answering {
  /** Bytes that the client takes on this stream before it grants more. */
  window: number;
  /** Parts still to be sent. */
  partsLeft: number;
  readonly isStream: boolean;
}

/**
 * The server's side of one HTTP/2 connection from ready-made bytes. It reads no headers: the request itself tells
 * which method it is for. It sends what the windows and the socket take, and no more.
 */
export class UpstreamConnection {
  readonly #socket: Socket;
  /** What came of requests that are not complete. */
  readonly #asking = new Map<number, Buffer>();
  readonly #answering = new Map<number, Answering>();
  #window = 65_535;
  #streamWindow = 65_535;

  constructor(socket: Socket) {
    this.#socket = socket;
    const reader = new FrameReader((...parts) => this.#take(...parts));
    let prefaceLeft = preface.length;
    socket.on('data', (bytes: Buffer) => {
      const skipped = Math.min(prefaceLeft, bytes.length);
      prefaceLeft -= skipped;
      socket.cork();
      reader.read(bytes.subarray(skipped));
      this.#pump();
      socket.uncork();
    });
    socket.on('drain', () => this.#pump());
    socket.on('error', () => {});
    socket.write(toFirstFrames());
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === frame.data) this.#takeData(id, payload, (flags & flag.endStream) !== 0);
    else if (type === frame.reset) this.#forget(id);
    else if (type === frame.ping && !(flags & flag.ack))
      this.#socket.write(toFrame(frame.ping, flag.ack, payload));
    else if (type === frame.settings && !(flags & flag.ack)) this.#takeSettings(payload);
    else if (type === frame.windowUpdate) this.#grant(id, payload.readUInt32BE());
  }

  #takeSettings(payload: Buffer): void {
    for (const [id, value] of readSettings(payload)) {
      if (id !== setting.initialWindowSize) continue;
      for (const answering of this.#answering.values()) answering.window += value - this.#streamWindow;
      this.#streamWindow = value;
    }
    this.#socket.write(toFrame(frame.settings, flag.ack, Buffer.alloc(0)));
  }

  #grant(id: number, bytes: number): void {
    if (id === 0) this.#window += bytes;
    const answering = this.#answering.get(id);
    if (answering) answering.window += bytes;
  }

  /** A request may come in parts; most come whole. */
  #takeData(id: number, bytes: Buffer, isEnd: boolean): void {
    const before = this.#asking.get(id);
    const request = before ? Buffer.concat([before, bytes]) : bytes;
    if (!isEnd) {
      this.#asking.set(id, request);
      return;
    }
    this.#asking.delete(id);
    this.#begin(id, request.includes(streamMark));
  }

  #forget(id: number): void {
    this.#asking.delete(id);
    this.#answering.delete(id);
  }

  #begin(id: number, isStream: boolean): void {
    this.#send(headFrame, id);
    const partsLeft = isStream ? streamMessageCount / messagesPerPart : 1;
    this.#answering.set(id, { window: this.#streamWindow, partsLeft, isStream });
  }

  #pump(): void {
    for (const [id, answering] of this.#answering) {
      const body = answering.isStream ? part : answer;
      while (answering.partsLeft > 0 && !this.#socket.writableNeedDrain) {
        if (Math.min(this.#window, answering.window) < body.length) break;
        this.#window -= body.length;
        answering.window -= body.length;
        answering.partsLeft--;
        this.#socket.write(toFrameHead(frame.data, 0, body.length, id));
        this.#socket.write(body);
      }
      if (answering.partsLeft > 0) continue;
      this.#send(trailersFrame, id);
      this.#answering.delete(id);
    }
  }

  #send(template: Buffer, id: number): void {
    const copy = Buffer.from(template);
    copy.writeUInt32BE(id, streamIdAt);
    this.#socket.write(copy);
  }
}
