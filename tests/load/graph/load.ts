import { once } from 'node:events';
import { connect } from 'node:net';
import { Http1Line } from '../edge/http1-line.ts';
import { Http2Line } from '../edge/http2-line.ts';
import type { Line } from '../edge/line.ts';
import { probe } from '../edge/probe.ts';
import type { Asked } from './requests.ts';

/** Calls under way at a time; over HTTP/2 on four connections, over HTTP/1.1 on one each. */
export const callsUnderWay = 32;
const http2Connections = 4;

/** What a load measured. */
export interface Loaded {
  readonly count: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Sends a request once and gives the body of its answer. Throws where it is no success. */
export async function askOnce(asked: Asked, port: number): Promise<Buffer> {
  const { status, body, grpcStatus } = await probe({ ...asked, name: asked.path }, port, credentialOf(asked));
  if (status === 200 && (grpcStatus ?? '0') === '0') return body;
  throw new Error(`status ${status}, grpc-status ${grpcStatus}: ${body.toString('utf8', 0, 500)}`);
}

/** Asks as often as it goes. Throws where an answer is no success, or over gRPC of another length. */
export async function load(
  asked: Asked,
  port: number,
  answerBytes: number,
  seconds: number,
): Promise<Loaded> {
  const isHttp2 = asked.version === 'http2';
  const connections = isHttp2 ? http2Connections : callsUnderWay;
  const lines = await Promise.all(
    Array.from({ length: connections }, () => openLine(asked, port, answerBytes)),
  );
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + seconds * 1_000;
  await Promise.all(
    lines.flatMap((line) =>
      Array.from({ length: callsUnderWay / connections }, () => callUntil(line, endMs, latencies)),
    ),
  );
  const took = (performance.now() - startMs) / 1_000;
  for (const line of lines) line.close();
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
  return { count: latencies.length, seconds: took, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

/** Asks once and tells how long the answer took to its end. Throws where it is not as long as it should be. */
export async function timeOnce(asked: Asked, port: number, answerBytes: number): Promise<number> {
  const line = await openLine(asked, port, answerBytes);
  const latencies: number[] = [];
  await callUntil(line, 0, latencies);
  line.close();
  return latencies[0] ?? Number.NaN;
}

/** Makes a call, and then calls until it is time. */
function callUntil(line: Line, endMs: number, latencies: number[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const next = () => {
      const sentMs = performance.now();
      line.send((isSuccess) => {
        if (!isSuccess) return reject(new Error('an answer is wrong or missing'));
        const nowMs = performance.now();
        latencies.push(nowMs - sentMs);
        if (nowMs >= endMs) resolve();
        else next();
      });
    };
    next();
  });
}

async function openLine(asked: Asked, port: number, answerBytes: number): Promise<Line> {
  const socket = connect(port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  // REST writes numbers in as many digits as they have.
  const request = { ...asked, answerBytes: asked.version === 'http2' ? answerBytes : undefined };
  return asked.version === 'http2' ? new Http2Line(socket, request) : new Http1Line(socket, request);
}

function credentialOf({ headers }: Asked): string {
  return (headers.authorization ?? '').replace(/^Bearer /, '');
}
