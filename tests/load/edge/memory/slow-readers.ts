import { setTimeout as pause } from 'node:timers/promises';
import { type Bench, inBatches, mebibytes } from './bench.ts';
import { callBytesMax, garbageBytesMax, memoryFactorMax } from './bounds.ts';
import { peakRssDuring } from './edge-process.ts';
import { untilStill } from './held-back.ts';
import { ownBytesOf } from './own-bytes.ts';
import { type ReaderKind, readerKinds, type SlowReader, wireRatioOf } from './slow-reader.ts';
import { queuedBytesOf } from './socket-queues.ts';
import { envelopeBytesOf } from './upstream-call.ts';

const streamBytes = 2 ** 30;
const slowReads = 100;
const goneMaxMs = 20_000;
const slowReadBytes = 16 * 1_024;
const slowReadEveryMs = 20;
/** Of a stream that is not read to its end. */
const fastBytes = 64 * 2 ** 20;

/** What a service could push towards readers that do not read. */
export interface Held {
  readonly pushedBytes: number;
  /** Of it, what the readers and the system between them and the edge have. */
  readonly readerBytes: number;
  /** The rest: what the edge holds, or has let the service have on its way. */
  readonly edgeBytes: number;
  readonly edgeBytesMax: number;
}

interface Measured extends Held {
  /** What the edge's objects take after a garbage collection. */
  readonly ownBytes: number;
}

/** Opens streams of 1 GB that nobody reads, and waits until nothing moves any more. */
export async function holdReaders(bench: Bench, kind: ReaderKind, messageBytes: number, count: number) {
  const { upstream } = bench;
  const ratio = await wireRatioOf(bench, kind, messageBytes);
  const messages = Math.ceil(streamBytes / envelopeBytesOf(messageBytes));
  const script = { kind: 'stream' as const, count: messages, messageBytes };
  const readers = await inBatches(count, (n) => kind.open(bench, script, n));
  const pingAll = () => Promise.all(readers.map((reader) => reader.ping()));
  const pushed = () => upstream.calls().reduce((sum, call) => sum + call.pushedBytes, 0);
  const look = (): Held => {
    const pushedBytes = pushed();
    const queued = queuedBytesOf(readers.map(({ socket }) => socket)).toClient;
    const read = readers.reduce((sum, reader) => sum + reader.receivedBytes(), 0);
    const readerBytes = Math.round((queued + read) / ratio);
    const edgeBytesMax = count * kind.bytesMax(messageBytes);
    return { pushedBytes, readerBytes, edgeBytes: pushedBytes - readerBytes, edgeBytesMax };
  };
  const isStill = () => untilStill(upstream, pingAll, pushed, count * (streamBytes / 8));
  await isStill();
  return { readers, look, isStill };
}

/** One kind of client, its stream not read at all, then slowly, then as fast as it comes. A line of the table. */
async function measureOne(bench: Bench, kind: ReaderKind, messageBytes: number): Promise<string[]> {
  const { edge } = bench;
  const base = await edge.memory();
  let line: Measured | undefined;
  let reader: SlowReader | undefined;
  const stillPeak = await peakRssDuring(edge, async () => {
    const held = await holdReaders(bench, kind, messageBytes, 1);
    [reader] = held.readers;
    line = { ...held.look(), ownBytes: ownBytesOf(await edge.memory()) - ownBytesOf(base) };
  });
  if (!reader || !line) throw new Error('nobody reads');
  const slow = reader;
  const slowPeak = await peakRssDuring(edge, async () => {
    for (let i = 0; i < slowReads; i++) {
      await slow.readSome(slowReadBytes);
      await pause(slowReadEveryMs);
    }
  });
  const startMs = performance.now();
  const restBytes = kind.readsAll ? streamBytes - slow.receivedBytes() : fastBytes;
  const fastPeak = await peakRssDuring(edge, async () => {
    await slow.readSome(restBytes);
  });
  const perSecond = restBytes / ((performance.now() - startMs) / 1_000);
  if (slow.receivedBytes() < restBytes) bench.fail(`${kind.name}: the stream broke off`);
  slow.close();
  await untilGone(bench);
  const peaks = [stillPeak, slowPeak, fastPeak].map((peak) => peak - base.rssBytes);
  return [...toCells(bench, kind, messageBytes, 1, line, peaks), `${mebibytes(perSecond)}/s`];
}

/** Many clients that do not read at all. */
async function measureMany(bench: Bench, kind: ReaderKind, messageBytes: number, count: number) {
  const base = await bench.edge.memory();
  let line: Measured | undefined;
  const peak = await peakRssDuring(bench.edge, async () => {
    const held = await holdReaders(bench, kind, messageBytes, count);
    line = { ...held.look(), ownBytes: ownBytesOf(await bench.edge.memory()) - ownBytesOf(base) };
    for (const reader of held.readers) reader.close();
  });
  await untilGone(bench);
  if (!line) throw new Error('nobody reads');
  return [...toCells(bench, kind, messageBytes, count, line, [peak - base.rssBytes]), '–'];
}

/** Resolves when the service has no call left: each client that went away ended its own. */
export async function untilGone({ upstream, fail }: Bench): Promise<void> {
  await Promise.race([upstream.whenNone(), pause(goneMaxMs, undefined, { ref: false })]);
  const left = upstream.calls().length;
  if (left > 0) fail(`${left} calls go on at the service whose clients are gone`);
}

function toCells(
  { fail }: Bench,
  kind: ReaderKind,
  messageBytes: number,
  count: number,
  { pushedBytes, readerBytes, edgeBytes, edgeBytesMax, ownBytes }: Measured,
  peaks: readonly number[],
): string[] {
  const name = `${kind.name}, ${messageBytes / 1_024} KiB × ${count}`;
  const ownBytesMax = memoryFactorMax * edgeBytesMax + count * callBytesMax;
  const rssMax = ownBytesMax + garbageBytesMax;
  if (edgeBytes > edgeBytesMax)
    fail(
      `${name}: the edge takes ${mebibytes(edgeBytes)} for its readers, more than ${mebibytes(edgeBytesMax)}`,
    );
  if (ownBytes > ownBytesMax)
    fail(`${name}: the edge holds ${mebibytes(ownBytes)}, more than ${mebibytes(ownBytesMax)}`);
  for (const peak of peaks)
    if (peak > rssMax)
      fail(`${name}: resident memory grows by ${mebibytes(peak)}, more than ${mebibytes(rssMax)}`);
  return [
    name,
    ...[pushedBytes, readerBytes, edgeBytes, edgeBytesMax, ownBytes, ownBytesMax].map(mebibytes),
    ...peaks.map(mebibytes),
    ...Array(3 - peaks.length).fill('–'),
    mebibytes(rssMax),
  ];
}

export const slowReaderHead = [
  'readers (1 GB each)',
  'pushed',
  'at the readers',
  'held by the edge',
  'bound',
  'memory of the edge after GC',
  'bound',
  'RSS peak above before: no reading',
  'reading slowly',
  'at full speed',
  'bound',
  'speed',
];

export async function measureSlowReaders(bench: Bench): Promise<string[][]> {
  const lines: string[][] = [];
  for (const kind of Object.values(readerKinds)) {
    for (const messageBytes of [1_024, 65_536]) lines.push(await measureOne(bench, kind, messageBytes));
    lines.push(await measureMany(bench, kind, 1_024, 100));
    console.log(`slow readers: ${kind.name} is done`);
  }
  return lines;
}
