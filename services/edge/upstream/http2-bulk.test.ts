import type { ServerHttp2Stream } from 'node:http2';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLog } from '../../mesh/rpc/testing.ts';
import { endWith, type Http2TestServer, serveHttp2 } from './http2-server.testing.ts';
import { Http2Upstreams } from './http2-upstream.ts';
import { TestSink, upstreamRequest } from './testing.ts';

const kibibyte = 1024;
const largeBytes = 1024 * kibibyte;
/** What comes of an answer before it waits: 64 KiB that every one has, a turn, and the frames that are under way. */
const firstBytesMax = (64 + 32 + 2 * 16) * kibibyte;

let server: Http2TestServer;
let upstreams: Http2Upstreams;
let nowMs: number;

beforeEach(async () => {
  server = await serveHttp2((stream) => void answer(stream));
  nowMs = 0;
  let spentMs = 0;
  upstreams = new Http2Upstreams({
    log: silentLog,
    self: async () => ({ service: 'edge', assertion: 'signed-edge' }),
    now: () => nowMs,
    // Busy: nothing but the time brings the next turn.
    spentMs: () => {
      spentMs += 1_000;
      return spentMs;
    },
  });
});

afterEach(async () => {
  await upstreams.close();
  await server.close();
});

async function answer(stream: ServerHttp2Stream): Promise<void> {
  const served = await server.next();
  const bytes = Number(served.fields[served.fields.indexOf('x-bytes') + 1]);
  endWith(stream, { 'grpc-status': '0' }, Buffer.alloc(bytes, 'answer '));
}

function call(bytes: number) {
  const sink = new TestSink();
  const stream = upstreams
    .get(server.address)
    .open(upstreamRequest({ metadata: ['x-bytes', `${bytes}`] }), sink);
  stream.end();
  return { stream, sink };
}

/** When it has waited for so long that more would have come. */
async function bytesOnceStill({ sink }: ReturnType<typeof call>): Promise<number> {
  for (;;) {
    const { bytes } = sink;
    await setTimeout(50);
    if (sink.bytes === bytes && bytes > 0) return bytes;
  }
}

async function allTurnsOf({ sink }: ReturnType<typeof call>): Promise<number> {
  let turns = 0;
  const ended = sink.ended.then(() => true);
  while (!(await Promise.race([ended, setTimeout(10, false)]))) {
    nowMs += 40;
    // Others still call.
    await call(1).sink.ended;
    turns += 1;
  }
  return turns;
}

describe('large answers of services', () => {
  it('come at once where no small one does', async () => {
    const large = call(largeBytes);
    await large.sink.ended;
    expect(large.sink.bytes).toBe(largeBytes);
  });

  it('come in turns beside small ones, which do not wait, and are whole', async () => {
    await call(1).sink.ended;
    const large = [call(largeBytes), call(largeBytes)];
    const first = await Promise.all(large.map(bytesOnceStill));
    expect(Math.max(...first)).toBeLessThan(firstBytesMax);
    await call(64 * kibibyte).sink.ended;
    const turns = await Promise.all(large.map(allTurnsOf));
    expect(Math.max(...turns)).toBeGreaterThan(10);
    for (const { sink } of large) {
      expect(Buffer.concat(sink.chunks).equals(Buffer.alloc(largeBytes, 'answer '))).toBe(true);
      expect(sink.violations).toEqual([]);
    }
  });

  it('that nobody reads do not come when it is their turn, but when they are read', async () => {
    await call(1).sink.ended;
    const large = call(largeBytes);
    const first = await bytesOnceStill(large);
    large.stream.pause();
    nowMs += 40;
    expect(await bytesOnceStill(large)).toBe(first);
    large.stream.resume();
    expect(await bytesOnceStill(large)).toBeGreaterThan(first);
  });

  it('that are cancelled while they wait take no turn of others', async () => {
    await call(1).sink.ended;
    const [cancelled, other] = [call(largeBytes), call(largeBytes)];
    await Promise.all([cancelled, other].map(bytesOnceStill));
    cancelled.stream.cancel();
    cancelled.sink.silence();
    await allTurnsOf(other);
    expect(other.sink.bytes).toBe(largeBytes);
    expect(cancelled.sink.violations).toEqual([]);
  });
});
