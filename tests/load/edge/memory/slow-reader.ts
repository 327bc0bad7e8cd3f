import type { Socket } from 'node:net';
import { addressOf, type Bench } from './bench.ts';
import { pushedBytesMax } from './bounds.ts';
import { Http1Call } from './http1-client.ts';
import { Http2Client } from './http2-client.ts';
import { connectJsonStream, grpcStream, restStream, type ScriptedRequest } from './requests.ts';
import type { Script } from './script.ts';
import { envelopeBytesOf } from './upstream-call.ts';

/** A client that has a stream open and reads it as it is told. */
export interface SlowReader {
  readonly socket: Socket;
  /** What it read of the stream, as it came over the wire. */
  receivedBytes(): number;
  /** A round trip to the edge, where the protocol has one and the client reads. */
  ping(): Promise<void>;
  /** Reads so many bytes more. */
  readSome(bytes: number): Promise<unknown>;
  close(): void;
}

/** How a client does not read. */
export interface ReaderKind {
  readonly name: string;
  readonly bytesMax: (messageBytes: number) => number;
  /** True where the stream is read to its end at last; JSON would take too long. */
  readonly readsAll: boolean;
  open(bench: Bench, script: Script, n: number): Promise<SlowReader>;
}

const windowBytes = 65_535;

export const readerKinds = {
  window: {
    name: 'gRPC, HTTP/2, grants no more',
    bytesMax: () => pushedBytesMax.window,
    readsAll: true,
    open: async ({ edge: { port }, apiKey }, script, n) => {
      const client = await Http2Client.open({ port, apiKey, address: addressOf(n), windowBytes });
      return overHttp2(client, script, true);
    },
  },
  socket: {
    name: 'gRPC, HTTP/2, reads no socket',
    bytesMax: () => pushedBytesMax.socket,
    readsAll: true,
    open: async ({ edge: { port }, apiKey }, script, n) => {
      const client = await Http2Client.open({ port, apiKey, address: addressOf(n) });
      return overHttp2(client, script, false);
    },
  },
  connect: {
    name: 'Connect JSON, HTTP/1.1',
    bytesMax: pushedBytesMax.connect,
    readsAll: false,
    open: (bench, script, n) => overHttp1(bench, connectJsonStream(script), n),
  },
  ndjson: {
    name: 'REST NDJSON, HTTP/1.1',
    bytesMax: pushedBytesMax.ndjson,
    readsAll: false,
    open: (bench, script, n) => overHttp1(bench, restStream(script), n),
  },
} as const satisfies Record<string, ReaderKind>;

/** How many bytes of the wire a byte of the service's answer becomes: JSON is longer. */
export async function wireRatioOf(bench: Bench, kind: ReaderKind, messageBytes: number): Promise<number> {
  const count = 100;
  const reader = await kind.open(bench, { kind: 'stream', count, messageBytes }, 0);
  const bytes = count * envelopeBytesOf(messageBytes);
  await reader.readSome(bytes);
  const ratio = reader.receivedBytes() / bytes;
  reader.close();
  return Math.max(1, ratio);
}

function overHttp2(client: Http2Client, script: Script, hasWindow: boolean): SlowReader {
  const stream = client.call(grpcStream(script));
  const { socket } = client;
  if (!hasWindow) socket.pause();
  return {
    socket,
    receivedBytes: () => stream.receivedBytes,
    ping: () => (hasWindow ? client.ping() : Promise.resolve()),
    readSome: async (bytes) => {
      const goal = stream.receivedBytes + bytes;
      if (hasWindow) stream.grant(bytes);
      else socket.resume();
      await stream.received(goal);
      if (!hasWindow) socket.pause();
    },
    close: () => client.close(),
  };
}

async function overHttp1({ edge: { port }, apiKey }: Bench, request: ScriptedRequest, n: number) {
  const call = await Http1Call.open(request, { port, apiKey, address: addressOf(n) });
  return {
    socket: call.socket,
    receivedBytes: () => call.receivedBytes,
    ping: () => Promise.resolve(),
    readSome: (bytes: number) => call.readSome(bytes),
    close: () => call.close(),
  };
}
