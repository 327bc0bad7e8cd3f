import type { Socket } from 'node:net';
import {
  FrameReader,
  flag,
  frame,
  preface,
  readSettings,
  setting,
  streamIdAt,
  toFrame,
  toFrameHead,
  toHeaderBlock,
} from '../http2-frames.ts';
import { readScript } from './script.ts';
import { toUpstreamCall, type UpstreamCall } from './upstream-call.ts';

const frameBytesMax = 16_384;
/** What the upstream takes of an upload that it does not read: HTTP/2's default. */
export const uploadWindowBytes = 65_535;
/** Enough for all streams together, whatever becomes of one. */
const connectionWindowBytes = 2 ** 30;
const headers = { ':status': '200', 'content-type': 'application/grpc+proto' };
const headFrame = toFrame(frame.headers, flag.endHeaders, toHeaderBlock(headers));
const end = flag.endHeaders | flag.endStream;
const trailersFrame = toFrame(frame.headers, end, toHeaderBlock({ 'grpc-status': '0' }));
const failureFrame = toFrame(frame.headers, end, toHeaderBlock({ ...headers, 'grpc-status': '9' }));

/** The server's side of one HTTP/2 connection: it does what each call's script says, as fast as the edge lets it. */
export class ScriptedConnection {
  readonly calls = new Map<number, UpstreamCall>();
  readonly #socket: Socket;
  readonly #onEnd: () => void;
  readonly #pings: (() => void)[] = [];
  #window = 65_535;
  #streamWindow = 65_535;
  #owedBytes = 0;

  /** `onEnd` hears of every call that is over. */
  constructor(socket: Socket, onEnd: () => void) {
    this.#socket = socket;
    this.#onEnd = onEnd;
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
    socket.on('close', () => {
      for (const id of [...this.calls.keys()]) this.#end(id);
      for (const onAnswer of this.#pings.splice(0)) onAnswer();
    });
    socket.write(toFrame(frame.settings, 0, Buffer.alloc(0)));
    this.#grant(0, connectionWindowBytes);
  }

  /** Resolves when the edge answered, which it does after all that it was sent before. */
  ping(): Promise<void> {
    if (this.#socket.destroyed) return Promise.resolve();
    this.#socket.write(toFrame(frame.ping, 0, Buffer.alloc(8)));
    return new Promise((resolve) => this.#pings.push(resolve));
  }

  /** Reads on where an upload is held back. */
  release(): void {
    for (const [id, call] of this.calls) {
      call.isReleased = true;
      this.#grantMore(id, call);
    }
  }

  #take(type: number, flags: number, id: number, payload: Buffer): void {
    if (type === frame.data) this.#takeData(id, payload, (flags & flag.endStream) !== 0);
    else if (type === frame.reset) this.#end(id);
    else if (type === frame.ping && flags & flag.ack) this.#pings.shift()?.();
    else if (type === frame.ping) this.#socket.write(toFrame(frame.ping, flag.ack, payload));
    else if (type === frame.settings && !(flags & flag.ack)) this.#takeSettings(payload);
    else if (type === frame.windowUpdate) this.#widen(id, payload.readUInt32BE());
  }

  #takeSettings(payload: Buffer): void {
    for (const [id, value] of readSettings(payload)) {
      if (id !== setting.initialWindowSize) continue;
      for (const call of this.calls.values()) call.window += value - this.#streamWindow;
      this.#streamWindow = value;
    }
    this.#socket.write(toFrame(frame.settings, flag.ack, Buffer.alloc(0)));
  }

  #widen(id: number, bytes: number): void {
    const call = this.calls.get(id);
    if (id === 0) this.#window += bytes;
    else if (call) call.window += bytes;
  }

  #takeData(id: number, bytes: Buffer, isEnd: boolean): void {
    this.#owedBytes += bytes.length;
    if (this.#owedBytes * 2 > connectionWindowBytes) {
      this.#grant(0, this.#owedBytes);
      this.#owedBytes = 0;
    }
    const call = this.calls.get(id) ?? this.#begin(id, bytes);
    call.takenBytes += bytes.length;
    call.owedBytes += bytes.length;
    if (isEnd) this.#answer(id, call);
    else this.#grantMore(id, call);
  }

  #begin(id: number, bytes: Buffer): UpstreamCall {
    const script = readScript(bytes);
    if (!script) throw new Error(`a call without a script: ${bytes.toString('latin1', 0, 200)}`);
    const call = toUpstreamCall(script, this.#streamWindow);
    this.calls.set(id, call);
    return call;
  }

  /** An upload gets room for more until it was read as far as its script says. */
  #grantMore(id: number, call: UpstreamCall): void {
    const { script, takenBytes, owedBytes } = call;
    if (script.kind === 'upload' && takenBytes > script.readBytes && !call.isReleased) return;
    if (owedBytes * 2 < uploadWindowBytes) return;
    this.#grant(id, owedBytes);
    call.owedBytes = 0;
  }

  #answer(id: number, call: UpstreamCall): void {
    if (call.script.kind === 'fail') {
      this.#send(failureFrame, id);
      this.#end(id);
      return;
    }
    this.#send(headFrame, id);
    call.isAnswering = true;
  }

  #pump(): void {
    for (const [id, call] of this.calls) {
      if (!call.isAnswering) continue;
      while (call.bytesLeft > 0 && !this.#socket.writableNeedDrain) {
        const at = call.pushedBytes % call.pattern.length;
        const room = Math.min(
          frameBytesMax,
          this.#window,
          call.window,
          call.pattern.length - at,
          call.bytesLeft,
        );
        if (room <= 0) break;
        this.#window -= room;
        call.window -= room;
        call.bytesLeft -= room;
        call.pushedBytes += room;
        this.#socket.write(toFrameHead(frame.data, 0, room, id));
        this.#socket.write(call.pattern.subarray(at, at + room));
      }
      if (call.bytesLeft > 0 || !call.ends) continue;
      this.#send(trailersFrame, id);
      this.#end(id);
    }
  }

  #end(id: number): void {
    const call = this.calls.get(id);
    this.calls.delete(id);
    if (call) this.#onEnd();
  }

  #grant(id: number, bytes: number): void {
    const payload = Buffer.alloc(4);
    payload.writeUInt32BE(bytes);
    this.#socket.write(Buffer.concat([toFrameHead(frame.windowUpdate, 0, 4, id), payload]));
  }

  #send(template: Buffer, id: number): void {
    const copy = Buffer.from(template);
    copy.writeUInt32BE(id, streamIdAt);
    this.#socket.write(copy);
  }
}
