/**
 * Calls at a fixed rate, whatever becomes of the answers, and tells how long they took. The calls of each millisecond
 * go out together. A call that finds every connection full waits, and its waiting counts.
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { Http1Line } from './http1-line.ts';
import { Http2Line } from './http2-line.ts';
import type { Line } from './line.ts';
import { type Way, ways } from './ways.ts';

/** In `BENCH_LOAD`, as JSON. */
export interface FixedRateOptions {
  readonly way: keyof typeof ways;
  readonly port: number;
  readonly apiKey: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly answerBytes: number;
}

/** Sent to the parent process. */
export interface FixedRateResult {
  /** Answered within the time. */
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly failures: number;
}

const connections = { http1: 64, http2: 8 };
const warmUpMs = 500;
const graceMs = 1_000;

const options: FixedRateOptions = JSON.parse(process.env.BENCH_LOAD ?? '{}');
const way: Way = ways[options.way];
const lines = await Promise.all(Array.from({ length: connections[way.version] }, openLine));
const latencies: number[] = [];
/** When each call fell due that found no room. */
const waiting: number[] = [];
let failures = 0;
let underWay = 0;
let answeredInTime = 0;
let turn = 0;

const startMs = performance.now();
const endMs = startMs + warmUpMs + options.seconds * 1_000;
let due = 0;
while (performance.now() < endMs) {
  const nowMs = performance.now();
  const dueNow = Math.floor(((nowMs - startMs) * options.perSecond) / 1_000);
  for (; due < dueNow; due++) sendOrWait(nowMs);
  await new Promise((resolve) => setTimeout(resolve, 1));
}
const graceEndMs = performance.now() + graceMs;
while (underWay > 0 && performance.now() < graceEndMs) await new Promise((resolve) => setTimeout(resolve, 1));
// What is not answered by now took at least this long.
for (const dueMs of waiting) latencies.push(performance.now() - dueMs);
latencies.sort((a, b) => a - b);
const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
const result: FixedRateResult = {
  perSecond: answeredInTime / options.seconds,
  p50Ms: quantile(0.5),
  p99Ms: quantile(0.99),
  failures,
};
process.send?.(result, () => process.exit());

async function openLine(): Promise<Line> {
  const socket = connect(options.port, '127.0.0.1').setNoDelay(true);
  await once(socket, 'connect');
  const headers = { ...way.headers, authorization: `Bearer ${options.apiKey}` };
  const request = { path: way.path, headers, body: way.body, answerBytes: options.answerBytes };
  return way.version === 'http2' ? new Http2Line(socket, request) : new Http1Line(socket, request);
}

function sendOrWait(dueMs: number): void {
  for (let i = 0; i < lines.length; i++) {
    const line = lines[turn++ % lines.length];
    if (!line?.hasRoom) continue;
    send(line, dueMs);
    return;
  }
  waiting.push(dueMs);
}

function send(line: Line, dueMs: number): void {
  underWay++;
  line.send((isSuccess) => {
    underWay--;
    const nowMs = performance.now();
    if (!isSuccess) failures++;
    else if (dueMs >= startMs + warmUpMs) latencies.push(nowMs - dueMs);
    if (nowMs >= startMs + warmUpMs && nowMs < endMs) answeredInTime++;
    if (nowMs >= endMs || !line.hasRoom) return;
    const next = waiting.shift();
    if (next !== undefined) send(line, next);
  });
}
