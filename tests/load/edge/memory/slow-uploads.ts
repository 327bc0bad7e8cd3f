import type { Socket } from 'node:net';
import { addressOf, type Bench, inBatches, kibibytes, mebibytes } from './bench.ts';
import { acceptedBytesMax, callBytesMax, keptBytesMax, memoryFactorMax } from './bounds.ts';
import { untilStill } from './held-back.ts';
import { Http1Call } from './http1-client.ts';
import { Http2Client } from './http2-client.ts';
import { ownBytesOf } from './own-bytes.ts';
import { grpcUpload, grpcUploadPart, restUpload } from './requests.ts';
import { untilGone } from './slow-readers.ts';
import { queuedBytesOf } from './socket-queues.ts';

const uploadBytes = 2 ** 30;
const partBytes = 32 * 1_024;
const smallPiecesBytes = 512 * 1_024;
const smallPiecesSteps = 32;
const fileSlice = Buffer.alloc(16 * 1_024, '1,2\n');

/** A client that uploads as fast as it may. */
interface Uploader {
  readonly socket: Socket;
  sentBytes(): number;
  ping(): Promise<void>;
  close(): void;
}

export interface UploadKind {
  readonly name: string;
  readonly bytesMax: number;
  /** `readBytes`: how far the service reads before it stops. */
  open(bench: Bench, readBytes: number, n: number): Promise<Uploader>;
}

export const uploadKinds = {
  grpc: {
    name: 'gRPC, HTTP/2',
    bytesMax: acceptedBytesMax.grpc,
    open: overGrpc,
  },
  rest: {
    name: 'REST, HTTP/1.1',
    bytesMax: acceptedBytesMax.rest,
    open: async ({ edge: { port }, apiKey }, readBytes, n) => {
      const options = { port, apiKey, address: addressOf(n), contentLength: uploadBytes };
      const call = await Http1Call.open(restUpload({ kind: 'upload', readBytes }), options);
      const over = call.upload(fileSlice, uploadBytes);
      over.catch(() => {});
      return {
        socket: call.socket,
        // What is under way the system may have taken in part.
        sentBytes: () => call.sentBytes + fileSlice.length,
        ping: () => Promise.resolve(),
        // Closed gently, the system would send first what it still has.
        close: () => call.socket.resetAndDestroy(),
      };
    },
  },
} as const satisfies Record<string, UploadKind>;

async function overGrpc(bench: Bench, readBytes: number, n: number): Promise<Uploader> {
  const { port } = bench.edge;
  const client = await Http2Client.open({ port, apiKey: bench.apiKey, address: addressOf(n) });
  const stream = client.call(grpcUpload({ kind: 'upload', readBytes }), { isWhole: false });
  stream.upload(grpcUploadPart(partBytes), uploadBytes);
  return {
    socket: client.socket,
    sentBytes: () => stream.sentBytes,
    ping: () => client.ping(),
    close: () => client.close(),
  };
}

/** What the edge took of uploads. */
export interface Accepted {
  readonly acceptedBytes: number;
  /** Of it, what the service took. */
  readonly serviceBytes: number;
  readonly edgeBytes: number;
  readonly edgeBytesMax: number;
}

/** Begins uploads that their service does not read beyond some bytes, and waits until nothing moves any more. */
export async function holdUploads(bench: Bench, kind: UploadKind, readBytes: number, count: number) {
  const { upstream } = bench;
  const uploaders = await inBatches(count, (n) => kind.open(bench, readBytes, n));
  const sent = () => uploaders.reduce((sum, uploader) => sum + uploader.sentBytes(), 0);
  const taken = () => upstream.calls().reduce((sum, call) => sum + call.takenBytes, 0);
  const look = (): Accepted => {
    const acceptedBytes = sent() - queuedBytesOf(uploaders.map(({ socket }) => socket)).toEdge;
    const serviceBytes = taken();
    const edgeBytes = acceptedBytes - serviceBytes;
    return { acceptedBytes, serviceBytes, edgeBytes, edgeBytesMax: count * kind.bytesMax };
  };
  const pingAll = () => Promise.all(uploaders.map((uploader) => uploader.ping()));
  await untilStill(upstream, pingAll, () => sent() + taken(), count * (uploadBytes / 8));
  return { uploaders, look };
}

export const uploadHead = [
  'uploads (1 GB each)',
  'the service reads',
  'accepted',
  'at the service',
  'held by the edge',
  'bound',
  'RSS',
  'memory of the edge after GC',
  'bound',
];

export async function measureUploads(bench: Bench): Promise<string[][]> {
  const lines: string[][] = [];
  for (const kind of Object.values(uploadKinds)) {
    for (const count of [1, 100]) lines.push(await measure(bench, kind, 0, count));
    // Requests are kept to be sent again until they are too many.
    for (const count of [1, 20]) lines.push(await measure(bench, kind, 3 * 2 ** 20, count));
  }
  return lines;
}

async function measure(bench: Bench, kind: UploadKind, readBytes: number, count: number): Promise<string[]> {
  const { edge, fail } = bench;
  const base = await edge.memory();
  const { uploaders, look } = await holdUploads(bench, kind, readBytes, count);
  const { acceptedBytes, serviceBytes, edgeBytes, edgeBytesMax } = look();
  const used = await edge.memory();
  for (const uploader of uploaders) uploader.close();
  // Over HTTP/1.1 the edge does not notice that a client is gone whom it does not read.
  bench.upstream.release();
  await untilGone(bench);
  const name = `${kind.name} × ${count}`;
  const ownBytes = ownBytesOf(used) - ownBytesOf(base);
  const keptBytes = Math.min(serviceBytes, count * keptBytesMax);
  const ownBytesMax = memoryFactorMax * (edgeBytesMax + keptBytes) + count * callBytesMax;
  if (edgeBytes > edgeBytesMax)
    fail(
      `${name}: the edge takes ${mebibytes(edgeBytes)} for the service, more than ${mebibytes(edgeBytesMax)}`,
    );
  if (ownBytes > ownBytesMax)
    fail(`${name}: the edge holds ${mebibytes(ownBytes)}, more than ${mebibytes(ownBytesMax)}`);
  return [
    name,
    readBytes === 0 ? 'nothing' : kibibytes(readBytes),
    ...[acceptedBytes, serviceBytes, edgeBytes, edgeBytesMax].map(mebibytes),
    ...[used.rssBytes - base.rssBytes, ownBytes, ownBytesMax].map(mebibytes),
  ];
}

export const smallPiecesHead = [
  'bytes in the DATA frames',
  'the service',
  'uploaded',
  'memory of the edge after GC',
  'for each byte',
  'bound',
];

const smallPieces = [
  { frameBytes: [16_384], readBytes: uploadBytes },
  { frameBytes: [64], readBytes: uploadBytes },
  { frameBytes: [1], readBytes: uploadBytes },
  { frameBytes: [1], readBytes: 0 },
  { frameBytes: [4_096, 1], readBytes: 0 },
] as const;

/** An upload in small pieces, to a service that reads all of it and does not answer, or reads nothing. */
export async function measureSmallPieces(bench: Bench): Promise<string[][]> {
  const { edge, upstream, apiKey } = bench;
  const lines: string[][] = [];
  for (const { frameBytes, readBytes } of smallPieces) {
    const base = await edge.memory();
    const client = await Http2Client.open({ port: edge.port, apiKey });
    const stream = client.call(grpcUpload({ kind: 'upload', readBytes }), { isWhole: false });
    const before = stream.sentBytes;
    const part = grpcUploadPart(partBytes);
    // Not all at once: what a service does not keep up with is put together.
    for (let i = 0; i < smallPiecesSteps; i++) {
      stream.upload(part, smallPiecesBytes / smallPiecesSteps, { frameBytes, isWhole: false });
      for (let trip = 0; trip < 3; trip++) await Promise.all([client.ping(), upstream.ping()]);
    }
    const ownBytes = ownBytesOf(await edge.memory()) - ownBytesOf(base);
    const sent = stream.sentBytes - before;
    client.close();
    await untilGone(bench);
    const name = frameBytes.join(', ');
    const bytesMax = memoryFactorMax * sent + callBytesMax;
    lines.push([
      name,
      readBytes === 0 ? 'reads nothing' : 'reads, does not answer',
      ...[kibibytes(sent), mebibytes(ownBytes), (ownBytes / sent).toFixed(1), mebibytes(bytesMax)],
    ]);
    if (ownBytes > bytesMax)
      bench.fail(
        `DATA frames of ${name} bytes: the edge holds ${mebibytes(ownBytes)} for ${kibibytes(sent)}`,
      );
  }
  return lines;
}
