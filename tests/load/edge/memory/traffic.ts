import { once } from 'node:events';
import { connect } from 'node:net';
import { Http1Line } from '../http1-line.ts';
import { Http2Line } from '../http2-line.ts';
import type { Line } from '../line.ts';
import { probe } from '../probe.ts';
import type { Way } from '../ways.ts';
import type { Bench } from './bench.ts';
import { Http1Call } from './http1-client.ts';
import { Http2Client } from './http2-client.ts';
import {
  connectJson,
  connectJsonStream,
  grpcQuery,
  grpcQueryGzip,
  grpcStream,
  grpcUpload,
  grpcUploadPart,
  restQuery,
  restStream,
  restUpload,
  type ScriptedRequest,
} from './requests.ts';

const answer = { kind: 'answer' } as const;
const fail = { kind: 'fail' } as const;
const stream = { kind: 'stream', count: 20, messageBytes: 2_048 } as const;
const endless = { kind: 'stream', count: 100_000, messageBytes: 1_024 } as const;
const upload = { kind: 'upload', readBytes: 2 ** 30 } as const;
const gzip = { 'accept-encoding': 'gzip', 'grpc-accept-encoding': 'gzip', 'connect-accept-encoding': 'gzip' };
const fileSlice = Buffer.alloc(16_384, '1,2\n');

/** A part of a round: makes calls, and tells how many, and how many of them did not go as they should. */
export type Part = () => Promise<{ readonly calls: number; readonly failures: number }>;

/** Rounds of mixed traffic. */
export interface Traffic {
  readonly parts: readonly Part[];
  /** Closes what is still open. */
  close(): void;
}

/** The parts that keep their connections open them here. */
export async function createTraffic(bench: Bench): Promise<Traffic> {
  const allLines: Line[] = [];
  const { port } = bench.edge;
  const { apiKey } = bench;
  const onLines = async (
    request: ScriptedRequest,
    version: Way['version'],
    calls: number,
    lineCount: number,
  ) => {
    const way = { name: '', version, ...request };
    const { body } = await probe(way, port, apiKey);
    const headers = { ...request.headers, authorization: `Bearer ${apiKey}` };
    const open = async (): Promise<Line> => {
      const socket = connect(port, '127.0.0.1').setNoDelay(true);
      await once(socket, 'connect');
      const load = { ...request, headers, answerBytes: body.length };
      return version === 'http2' ? new Http2Line(socket, load) : new Http1Line(socket, load);
    };
    const lines = await Promise.all(Array.from({ length: lineCount }, open));
    allLines.push(...lines);
    return async () => {
      const failures = await Promise.all(lines.map((line) => callMany(line, calls / lineCount)));
      return { calls, failures: failures.reduce((sum, each) => sum + each, 0) };
    };
  };
  const parts = [
    await onLines(grpcQuery(answer), 'http2', 500, 4),
    await onLines(connectJson(answer), 'http2', 100, 2),
    await onLines(connectJson(answer), 'http1', 100, 4),
    await onLines(restQuery(answer), 'http1', 160, 8),
    await onLines(grpcQueryGzip(answer), 'http2', 40, 1),
    await onLines(grpcStream(stream), 'http2', 30, 1),
    await onLines(grpcQuery(fail), 'http2', 30, 1),
    () => overNewHttp2(bench),
    () => overNewHttp1(bench),
    () => halfOpen(bench),
  ];
  const close = () => {
    for (const line of allLines) line.close();
    for (const socket of silent.splice(0)) socket.destroy();
  };
  return { parts, close };
}

/** Makes so many calls on a line, as many at a time as it takes up to 16; resolves with the failures. */
function callMany(line: Line, count: number): Promise<number> {
  let started = 0;
  let ended = 0;
  let failures = 0;
  return new Promise((resolve) => {
    const fill = () => {
      while (started < count && started - ended < 16 && line.hasRoom) {
        started++;
        line.send((isSuccess) => {
          ended++;
          if (!isSuccess) failures++;
          if (ended === count) resolve(failures);
          else fill();
        });
      }
    };
    fill();
  });
}

/** A new connection of HTTP/2: compressed streams, uploads, streams that are cancelled, and some that it drops. */
async function overNewHttp2({ edge: { port }, apiKey }: Bench) {
  const client = await Http2Client.open({ port, apiKey });
  const expected: Promise<boolean>[] = [];
  for (let i = 0; i < 5; i++) {
    const request = grpcStream(stream);
    const compressed = client.call({ ...request, headers: { ...request.headers, ...gzip } });
    expected.push(compressed.ended.then((how) => how === 'answered' && compressed.receivedBytes > 0));
    const up = client.call(grpcUpload(upload), { isWhole: false });
    up.upload(grpcUploadPart(32_768), 200_000 - (200_000 % grpcUploadPart(32_768).length));
    expected.push(up.ended.then((how) => how === 'answered' && up.receivedBytes > 0));
    const cancelled = client.call(grpcStream(endless));
    expected.push(cancelled.begun.then(() => cancelled.cancel()).then(() => cancelled.receivedBytes > 0));
    const early = client.call(grpcStream(endless));
    early.cancel();
  }
  const results = await Promise.all(expected);
  const dropped = Array.from({ length: 3 }, () => client.call(grpcStream(endless)));
  await Promise.all(dropped.map(({ begun }) => begun));
  client.call(grpcUpload(upload), { isWhole: false });
  client.close();
  return { calls: 24, failures: results.filter((isRight) => !isRight).length };
}

/** Connections of HTTP/1.1 for one call each: streams in every form, uploads; some are dropped. */
async function overNewHttp1({ edge: { port }, apiKey }: Bench) {
  const options = { port, apiKey };
  const toEnd = async (request: ScriptedRequest) => {
    const call = await Http1Call.open(request, options);
    call.read();
    const isRight = await call.ended;
    call.close();
    return isRight;
  };
  const events = {
    ...restStream(stream),
    headers: { ...restStream(stream).headers, accept: 'text/event-stream' },
  };
  const compressed = { ...restStream(stream), headers: { ...restStream(stream).headers, ...gzip } };
  const uploaded = async () => {
    const call = await Http1Call.open(restUpload(upload), {
      ...options,
      contentLength: 10 * fileSlice.length,
    });
    await call.upload(fileSlice, 10 * fileSlice.length);
    const isRight = await call.readSome(1);
    call.close();
    return isRight;
  };
  const droppedUpload = async () => {
    const call = await Http1Call.open(restUpload(upload), { ...options, contentLength: 2 ** 20 });
    await call.upload(fileSlice, 2 * fileSlice.length);
    call.close();
    return true;
  };
  const droppedStream = async () => {
    const call = await Http1Call.open(restStream(endless), options);
    const isRight = await call.readSome(1);
    call.close();
    return isRight;
  };
  const results = await Promise.all([
    ...[restStream(stream), events, compressed, connectJsonStream(stream)].map(toEnd),
    ...[uploaded, uploaded, droppedUpload, droppedStream].map((make) => make()),
  ]);
  return { calls: results.length, failures: results.filter((isRight) => !isRight).length };
}

const beginnings = [
  '',
  'PRI * HT',
  'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  'POST /v1/graphs HTTP/1.1\r\nhost: 127.0',
  'POST /v1/graphs HTTP/1.1\r\nhost: a\r\ncontent-length: 100\r\n\r\n{',
  'nonsense\r\n\r\n',
];

/** Clients that begin, and then are silent, close their side, close, or reset. */
async function halfOpen({ edge: { port } }: Bench) {
  for (const [n, beginning] of beginnings.entries()) {
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => {});
    socket.write(beginning);
    if (silent.length < silentMax && n % 2 === 0) silent.push(socket);
    else if (n % 3 === 0) socket.end();
    else if (n % 3 === 1) socket.resetAndDestroy();
    else socket.destroy();
    if (socket.writableEnded) setTimeout(() => socket.destroy(), 1_000).unref();
  }
  if (silent.length >= silentMax) silent.shift()?.destroy();
  return { calls: 0, failures: 0 };
}

/** Connections that are left to the edge, the oldest of which is closed when there are enough. */
const silent: ReturnType<typeof connect>[] = [];
const silentMax = 60;
