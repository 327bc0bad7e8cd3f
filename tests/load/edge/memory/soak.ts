import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, kibibytes, mebibytes } from './bench.ts';
import { growthBytesMax } from './bounds.ts';
import type { EdgeMemory } from './edge-probe.ts';
import { untilGone } from './slow-readers.ts';
import { createTraffic } from './traffic.ts';

const samples = 10;
const warmUpRounds = 10;
/** Two garbage collections at different moments may find this much apart. */
const noiseBytes = 512 * 1_024;
const settleMs = 2_000;
const quietMaxMs = 60_000;

interface Sample {
  readonly calls: number;
  readonly memory: EdgeMemory;
}

export const soakHead = [
  'time',
  'calls',
  'RSS',
  'heap',
  'outside of the heap',
  'sockets',
  'timers',
  'upstream connections',
];

/** Mixed traffic for some minutes. What stays in memory must not grow with the calls. */
export async function soak(bench: Bench, minutes: number): Promise<string[][]> {
  const { edge, upstream, fail } = bench;
  const before = await edge.memory();
  const { parts, close } = await createTraffic(bench);
  const all: Sample[] = [];
  const lines: string[][] = [toLine('before', { calls: 0, memory: before }, upstream.connectionCount())];
  let calls = 0;
  let failures = 0;
  const startMs = performance.now();
  for (let n = 1; n <= samples; n++) {
    const untilMs = startMs + (minutes * 60_000 * n) / samples;
    do {
      for (const done of await Promise.all(parts.map((part) => part()))) {
        calls += done.calls;
        failures += done.failures;
      }
    } while (performance.now() < untilMs);
    await untilGone(bench);
    const sample = { calls, memory: await edge.memory() };
    all.push(sample);
    lines.push(toLine(`${n * 10} %`, sample, upstream.connectionCount()));
    console.log(`soak: ${lines.at(-1)?.join(', ')}`);
  }
  close();
  if (failures > 0) fail(`soak: ${failures} of ${calls} calls did not go as they should`);
  const half = all.slice(samples / 2);
  for (const [name, figure] of Object.entries(figures)) {
    const slope = slopeOf(half.map(({ calls: x, memory }) => [x, figure(memory)]));
    const growth = slope * 100_000;
    // A short run says little: what it adds up to must be more than collections differ by anyway.
    const isMuch = slope * ((half.at(-1)?.calls ?? 0) - (half[0]?.calls ?? 0)) > noiseBytes;
    console.log(`soak: ${name}: ${kibibytes(growth)} per 100,000 calls in the second half`);
    if (growth > growthBytesMax && isMuch)
      fail(
        `soak: ${name} grows by ${kibibytes(growth)} per 100,000 calls, more than ${kibibytes(growthBytesMax)}`,
      );
  }
  return lines;
}

const figures = {
  heap: ({ heapBytes }: EdgeMemory) => heapBytes,
  'memory outside of the heap': ({ externalBytes }: EdgeMemory) => externalBytes,
};

/** Lets the edge load and compile what it needs, so that this is not taken for growth. */
export async function warmUp(bench: Bench): Promise<void> {
  const { parts, close } = await createTraffic(bench);
  for (let round = 0; round < warmUpRounds; round++) await Promise.all(parts.map((part) => part()));
  close();
  await untilGone(bench);
}

/** When every client is gone, no socket and no timer of theirs may be left, and no call at the service. */
export async function checkNothingIsLeft(bench: Bench, first: EdgeMemory): Promise<void> {
  const { edge, upstream, fail } = bench;
  await untilGone(bench);
  const allowed = (type: string) =>
    (first.resources[type] ?? 0) + (type === 'TCPSocketWrap' ? upstream.connectionCount() : 0);
  const leftOf = ({ resources }: EdgeMemory) =>
    Object.entries(resources).filter(([type, count]) => count > allowed(type));
  const deadlineMs = performance.now() + quietMaxMs;
  let last = await edge.memory();
  while (leftOf(last).length > 0 && performance.now() < deadlineMs) {
    await pause(settleMs);
    last = await edge.memory();
  }
  console.log(`after all: ${JSON.stringify(last.resources)}; at first: ${JSON.stringify(first.resources)}`);
  for (const [type, count] of leftOf(last))
    fail(`${count} × ${type} are left; at first: ${first.resources[type] ?? 0}`);
}

function toLine(time: string, { calls, memory }: Sample, upstreamConnections: number): string[] {
  const { rssBytes, heapBytes, externalBytes, resources } = memory;
  return [
    time,
    calls.toLocaleString('en'),
    ...[rssBytes, heapBytes, externalBytes].map(mebibytes),
    `${resources.TCPSocketWrap ?? 0}`,
    `${resources.Timeout ?? 0}`,
    `${upstreamConnections}`,
  ];
}

/** The slope of the line that lies closest to the points (least squares). */
export function slopeOf(points: readonly (readonly [x: number, y: number])[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const x = mean(points.map(([each]) => each));
  const y = mean(points.map(([, each]) => each));
  const above = points.reduce((sum, [px, py]) => sum + (px - x) * (py - y), 0);
  const below = points.reduce((sum, [px]) => sum + (px - x) ** 2, 0);
  return above / below;
}
