import { connect, createServer, type Socket } from 'node:net';
import { type Duplex, duplexPair } from 'node:stream';
import { ClientConnection } from './client-connection.ts';
import type { ConnectionOptions } from './connection.ts';
import { clientPreface, frameFlag, frameHeaderBytes, frameType } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { stringBytes } from './hpack/testing.ts';
import { ServerConnection, type ServerConnectionOptions } from './server-connection.ts';
import type { Fields, Stream, StreamListener } from './stream.ts';

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  readonly payload: Buffer;
}

const none = Buffer.alloc(0);

/** A frame as on the wire. */
export function frame(type: number, flags: number, streamId: number, payload: Buffer = none): Buffer {
  const head = Buffer.alloc(frameHeaderBytes);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** The entries of a SETTINGS frame. */
export function settingsFrame(...entries: readonly (readonly [id: number, value: number])[]): Buffer {
  const payload = Buffer.alloc(6 * entries.length);
  for (const [index, [id, value]] of entries.entries()) {
    payload.writeUInt16BE(id, 6 * index);
    payload.writeUInt32BE(value, 6 * index + 2);
  }
  return frame(frameType.settings, 0, 0, payload);
}

/** A header block that touches no table. */
export function blockOf(fields: Fields): Buffer {
  const texts = fields.map((text, index) =>
    index % 2 === 0 ? Buffer.concat([Buffer.of(0), stringBytes(text)]) : stringBytes(text),
  );
  return Buffer.concat(texts);
}

export const requestFields: Fields = [
  ...[':method', 'POST', ':scheme', 'http', ':path', '/call', ':authority', 'edge'],
];
export const requestBlock = blockOf(requestFields);

export function headersFrame(streamId: number, isLast: boolean, block = requestBlock): Buffer {
  return frame(frameType.headers, frameFlag.endHeaders | (isLast ? frameFlag.endStream : 0), streamId, block);
}

export function dataFrame(streamId: number, data: Buffer | string, isLast = false): Buffer {
  return frame(frameType.data, isLast ? frameFlag.endStream : 0, streamId, Buffer.from(data));
}

/** Settles what waits for events; grows with each of them. */
class Changes {
  #wakes: (() => void)[] = [];

  tell(): void {
    const wakes = this.#wakes;
    this.#wakes = [];
    for (const wake of wakes) wake();
  }

  async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.#wakes.push(resolve));
  }
}

/** What a listener heard of a stream. */
export class StreamLog implements StreamListener {
  readonly heads: { fields: Fields; isLast: boolean }[] = [];
  readonly chunks: Buffer[] = [];
  bytes = 0;
  endCount = 0;
  drainCount = 0;
  reset: { code: number; isLost: boolean } | undefined;
  readonly #changes = new Changes();

  get data(): Buffer {
    return Buffer.concat(this.chunks);
  }

  /** The peer said all, in whatever way. */
  get isEnded(): boolean {
    return this.endCount > 0 || this.heads.some(({ isLast }) => isLast);
  }

  onFields(fields: Fields, isLast: boolean): void {
    this.heads.push({ fields, isLast });
    this.#changes.tell();
  }

  onData(chunk: Buffer): void {
    this.chunks.push(chunk);
    this.bytes += chunk.length;
    this.#changes.tell();
  }

  onEnd(): void {
    this.endCount++;
    this.#changes.tell();
  }

  onReset(code: number, isLost: boolean): void {
    this.reset = { code, isLost };
    this.#changes.tell();
  }

  onDrain(): void {
    this.drainCount++;
    this.#changes.tell();
  }

  until(isSo: () => boolean): Promise<void> {
    return this.#changes.until(isSo);
  }
}

/** A request as a server was told of it. */
export interface Served {
  readonly stream: Stream;
  readonly fields: Fields;
  readonly isWhole: boolean;
  readonly log: StreamLog;
}

export const options: ConnectionOptions = {
  streamWindowBytes: 2 ** 20,
  connectionWindowBytes: 16 * 2 ** 20,
  isCreditedAtOnce: false,
  settings: {},
  headerListBytesMax: 16_384,
};

/** A server's connection, and what its owner heard. */
export class TestServer {
  readonly connection: ServerConnection;
  readonly requests: Served[] = [];
  readonly bugs: unknown[] = [];
  cancelledCount = 0;
  headsTooLarge = 0;
  goneCount = 0;
  isClosed = false;
  readonly #onRequest: (served: Served) => void;
  readonly #changes = new Changes();

  constructor(
    socket: Duplex,
    onRequest: (served: Served) => void = () => {},
    changed: Partial<ServerConnectionOptions> = {},
  ) {
    this.#onRequest = onRequest;
    this.connection = new ServerConnection(socket, { ...options, streamsMax: 1_000, ...changed }, this);
  }

  async request(index = 0): Promise<Served> {
    await this.#changes.until(() => this.requests.length > index);
    return this.requests[index] as Served;
  }

  until(isSo: () => boolean): Promise<void> {
    return this.#changes.until(isSo);
  }

  onRequest(stream: Stream, fields: Fields, isWhole: boolean): void {
    const served = { stream, fields, isWhole, log: new StreamLog() };
    stream.listener = served.log;
    this.requests.push(served);
    this.#changes.tell();
    this.#onRequest(served);
  }

  onCancelled(): void {
    this.cancelledCount++;
    this.#changes.tell();
  }

  onHeadTooLarge(): void {
    this.headsTooLarge++;
  }

  onStreamGone(): void {
    this.goneCount++;
    this.#changes.tell();
  }

  onClosed(): void {
    this.isClosed = true;
    this.#changes.tell();
  }

  onBug(error: unknown): void {
    this.bugs.push(error);
  }
}

/** A client's connection, and what its owner heard. */
export class TestClient {
  readonly connection: ClientConnection;
  readonly bugs: unknown[] = [];
  readonly goaways: number[] = [];
  settingsCount = 0;
  goneCount = 0;
  isClosed = false;
  readonly #changes = new Changes();

  constructor(socket: Duplex, changed: Partial<ConnectionOptions> = {}) {
    this.connection = new ClientConnection(socket, { ...options, ...changed }, this);
  }

  request(fields: Fields = requestFields): { stream: Stream; log: StreamLog } {
    const log = new StreamLog();
    return { stream: this.connection.request(fields, log), log };
  }

  /** Resolves when the peer has taken all that was sent before; rejects where the connection ends before. */
  async settled(): Promise<void> {
    let isAnswered = false;
    this.connection.ping(() => {
      isAnswered = true;
      this.#changes.tell();
    });
    await this.until(() => isAnswered || this.isClosed);
    if (!isAnswered) throw new Error('the connection ended before');
  }

  until(isSo: () => boolean): Promise<void> {
    return this.#changes.until(isSo);
  }

  onSettings(): void {
    this.settingsCount++;
    this.#changes.tell();
  }

  onGoaway(lastStreamId: number): void {
    this.goaways.push(lastStreamId);
    this.#changes.tell();
  }

  onStreamGone(): void {
    this.goneCount++;
    this.#changes.tell();
  }

  onClosed(): void {
    this.isClosed = true;
    this.#changes.tell();
  }

  onBug(error: unknown): void {
    this.bugs.push(error);
  }
}

/** A peer that writes its frames by hand, and does nothing by itself. */
export class RawPeer {
  readonly socket: Duplex;
  readonly frames: Frame[] = [];
  bytes = 0;
  isEnded = false;
  readonly #reader = new FrameReader((type, flags, streamId, payload) =>
    this.frames.push({ type, flags, streamId, payload }),
  );
  readonly #changes = new Changes();
  #prefaceBytes: number;
  #pingCount = 0;

  /** `readsPreface`: the other side is a client. */
  constructor(socket: Duplex, readsPreface = false) {
    this.socket = socket;
    this.#prefaceBytes = readsPreface ? clientPreface.length : 0;
    socket.on('data', (chunk: Buffer) => {
      this.bytes += chunk.length;
      const skipped = Math.min(this.#prefaceBytes, chunk.length);
      this.#prefaceBytes -= skipped;
      this.#reader.read(chunk.subarray(skipped));
      this.#changes.tell();
    });
    socket.on('error', () => {});
    for (const event of ['end', 'close']) {
      socket.on(event, () => {
        this.isEnded = true;
        this.#changes.tell();
      });
    }
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** As a client begins. */
  greet(...settings: readonly (readonly [id: number, value: number])[]): this {
    this.send(clientPreface, settingsFrame(...settings));
    return this;
  }

  until(isSo: () => boolean): Promise<void> {
    return this.#changes.until(isSo);
  }

  /** The first frame of this type, of this stream if it is given. Rejects where the connection ends without it. */
  async next(type: number, streamId?: number): Promise<Frame> {
    const find = () =>
      this.frames.find((one) => one.type === type && (streamId === undefined || one.streamId === streamId));
    await this.until(() => this.isEnded || find() !== undefined);
    const found = find();
    if (!found) throw new Error('the connection ended before');
    return found;
  }

  /** Resolves with the code of GOAWAY. */
  async goaway(): Promise<number> {
    return (await this.next(frameType.goaway)).payload.readUInt32BE(4);
  }

  /** Resolves with the code of a stream's RST_STREAM. */
  async resetOf(streamId: number): Promise<number> {
    return (await this.next(frameType.rstStream, streamId)).payload.readUInt32BE();
  }

  /** Resolves when the other side has taken all that was sent before: it answered a PING. */
  async settled(): Promise<void> {
    const payload = Buffer.alloc(8);
    payload.writeUInt32BE(++this.#pingCount, 4);
    this.send(frame(frameType.ping, 0, 0, payload));
    const isAnswer = (one: Frame) =>
      one.type === frameType.ping && one.flags === frameFlag.ack && one.payload.equals(payload);
    await this.until(() => this.isEnded || this.frames.some(isAnswer));
    if (!this.frames.some(isAnswer)) throw new Error('the connection ended before');
  }

  dataBytesOf(streamId: number): number {
    return this.frames
      .filter((one) => one.type === frameType.data && one.streamId === streamId)
      .reduce((total, { payload }) => total + payload.length, 0);
  }
}

/** A server's connection with a client whose frames are written by hand. */
export function rawClient(
  onRequest?: (served: Served) => void,
  changed?: Partial<ServerConnectionOptions>,
): { peer: RawPeer; server: TestServer } {
  const [ours, theirs] = duplexPair();
  return { server: new TestServer(ours, onRequest, changed), peer: new RawPeer(theirs) };
}

/** A client's connection with a server whose frames are written by hand, which has sent its SETTINGS. */
export function rawServer(changed?: Partial<ConnectionOptions>): { peer: RawPeer; client: TestClient } {
  const [ours, theirs] = duplexPair();
  const client = new TestClient(ours, changed);
  const peer = new RawPeer(theirs, true);
  peer.send(settingsFrame());
  return { client, peer };
}

/** Both roles, back to back. */
export function bothRoles(
  onRequest?: (served: Served) => void,
  changed: Partial<ServerConnectionOptions> = {},
): { client: TestClient; server: TestServer } {
  const [ours, theirs] = duplexPair();
  return { server: new TestServer(theirs, onRequest, changed), client: new TestClient(ours, changed) };
}

/** Two ends of a TCP connection. */
export async function socketPair(): Promise<[Socket, Socket]> {
  const server = createServer({ noDelay: true });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve));
  const { port } = server.address() as { port: number };
  const socket = connect({ port, host: '127.0.0.1', noDelay: true });
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  const other = await accepted;
  server.close();
  return [socket, other];
}
