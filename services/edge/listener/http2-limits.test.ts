import { once } from 'node:events';
import { constants } from 'node:http2';
import { describe, expect, it, vi } from 'vitest';
import type { Exchange } from './exchange.ts';
import type { ListenerLimits } from './limits.ts';
import { closeAfterTest, follow, listen, takeCalls } from './testing.ts';
import {
  endHeaders,
  endStream,
  FrameClient,
  frame,
  frameType,
  headerBlock,
  headersFrames,
  uint32,
} from './testing-frames.ts';

const { continuation, data, goAway, headers, ping, reset, settings } = frameType;
const cancel = uint32(constants.NGHTTP2_CANCEL);

async function serve(limits: Partial<ListenerLimits> = {}) {
  const calls = takeCalls();
  const port = await listen({ rpc: calls.rpc }, { limits });
  return { port, calls, client: await FrameClient.dial(port) };
}

/** Writes until that fails: a socket that nobody reads does not say by itself that it is closed. */
async function writeUntilClosed(client: FrameClient, bytes: Buffer): Promise<void> {
  for (let i = 0; i < 100_000; i++) {
    const error = await new Promise((resolve) => client.socket.write(bytes, resolve));
    if (error) return client.closed();
    await new Promise(setImmediate);
  }
  throw new Error('the server does not close');
}

const codeOf = (frames: FrameClient) =>
  frames.frames.findLast(({ type }) => type === goAway)?.payload.readUInt32BE(4);

describe('headers', () => {
  const long = { 'x-long': 'x'.repeat(16_384) };

  it('of more than 16 KiB are answered 431, and the connection goes on', async () => {
    const { port, calls, client } = await serve();
    client.send(headersFrames(1, endStream, headerBlock(long)), headersFrames(3, endStream));
    (await calls.next()).respond(200, [], true);
    await client.next(headers, 3);
    // `:status: 431`, as HPACK writes it where its table has only the name.
    expect((await client.next(headers, 1)).payload.includes('431')).toBe(true);
    expect(port.counts.headersRefused).toBe(1);
  });

  it('of more than 16 KiB are RESOURCE_EXHAUSTED to gRPC, in one frame', async () => {
    const { client } = await serve();
    const block = headerBlock({ ...long, 'content-type': 'application/grpc' });
    client.send(headersFrames(1, endStream, block));
    const answer = await client.next(headers, 1);
    expect(answer.flags).toBe(endHeaders | endStream);
    expect(answer.payload.includes('431')).toBe(false);
  });

  it('of more than 64 KiB end the connection', async () => {
    const { client } = await serve();
    client.send(headersFrames(1, endStream, headerBlock({ 'x-long': 'x'.repeat(70_000) })));
    await client.closed();
  });

  it('in a flood of CONTINUATION frames end the connection', async () => {
    const { client } = await serve();
    await client.settled();
    client.send(frame(headers, endStream, 1, headerBlock()));
    for (let i = 0; i < 40; i++) client.send(frame(continuation, 0, 1));
    await client.closed();
    expect(codeOf(client)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
});

describe('floods', () => {
  it.each([
    ['PING', frame(ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', frame(settings, 0, 0)],
  ])('%s frames whose answers nobody reads end the connection', async (_name, one) => {
    const { client } = await serve();
    await client.settled();
    client.socket.pause();
    const many = Buffer.concat(Array.from({ length: 10_000 }, () => one));
    await writeUntilClosed(client, many);
  });

  const openAndReset = (id: number) => [headersFrames(id, 0), frame(reset, 0, id, cancel)];

  it('of calls that are reset at once end the connection with ENHANCE_YOUR_CALM', async () => {
    const { port, client } = await serve({ resetsPerSecondMax: 20 });
    for (let id = 1; id <= 2 * 21; id += 2) client.send(...openAndReset(id));
    await client.closed();
    expect(codeOf(client)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
    expect(port.counts.floodsEnded).toBe(1);
  });

  it('of calls that are reset before their answer end the connection, and each call hears of it once', async () => {
    const { calls, client } = await serve({ resetsPerSecondMax: 20 });
    const followed = [];
    for (let id = 1; id <= 2 * 21; id += 2) {
      client.send(headersFrames(id, 0));
      followed.push(follow(await calls.next()));
    }
    for (let id = 1; id <= 2 * 21; id += 2) client.send(frame(reset, 0, id, cancel));
    await client.closed();
    await Promise.all(followed.map(({ gone }) => gone));
    expect(followed.map(({ goneCount }) => goneCount)).toEqual(followed.map(() => 1));
  });

  it('are not what a client does that cancels less, or whose calls we cut off', async () => {
    const limits = { resetsPerSecondMax: 20 };
    const cutOff = (exchange: Exchange) => {
      follow(exchange);
      if (exchange.target === '/cut') exchange.reset(constants.NGHTTP2_INTERNAL_ERROR);
      if (exchange.target === '/fine') exchange.respond(200, [], true);
      return true;
    };
    const client = await FrameClient.dial(await listen({ rpc: cutOff }, { limits }));
    for (let id = 1; id <= 2 * 20; id += 2) client.send(...openAndReset(id));
    for (let id = 41; id <= 141; id += 2) {
      client.send(headersFrames(id, 0, headerBlock({ ':path': '/cut' })));
      await client.next(reset, id);
    }
    client.send(headersFrames(143, endStream, headerBlock({ ':path': '/fine' })));
    await client.next(headers, 143);
  });
});

describe('calls beyond the limit of a connection', () => {
  const three = [headersFrames(1, 0), headersFrames(3, 0), headersFrames(5, 0)];

  it('are refused so that the client may repeat them, and those under way go on', async () => {
    const { client, calls } = await serve({ streamsPerConnectionMax: 2 });
    client.send(...three);
    const [first] = await Promise.all([calls.next(), calls.next()]);
    expect((await client.next(reset, 5)).payload).toEqual(uint32(constants.NGHTTP2_REFUSED_STREAM));
    first.respond(200, [], true);
    await client.next(headers, 1);
    client.send(headersFrames(7, endStream));
    await calls.next();
  });

  it('end the connection where they do not stop', async () => {
    const { client } = await serve({ streamsPerConnectionMax: 2 });
    client.send(...three);
    for (let id = 7; id <= 2 * 2_000 && !client.isClosed; id += 2) client.send(headersFrames(id, endStream));
    await client.closed();
    expect(codeOf(client)).toBe(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  });
});

describe('a body that makes no progress', () => {
  it('is cut off by CANCEL, and its call hears of it', async () => {
    const { port, calls, client } = await serve({ bodyIdleMs: 20 });
    client.send(headersFrames(1, 0), frame(data, 0, 1, Buffer.from('hel')));
    const followed = follow(await calls.next());
    expect((await client.next(reset, 1)).payload).toEqual(cancel);
    await followed.gone;
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 1 });
    expect(port.counts.bodiesCutOff).toBe(1);
  });

  it('is left alone while we hold it back, or nobody reads it yet', async () => {
    const { calls, client } = await serve({ bodyIdleMs: 20 });
    // The third one is not held back: when it is cut off, the others had their chance.
    client.send(...[1, 3, 5].map((id) => headersFrames(id, 0)));
    const [paused, unread, slow] = [await calls.next(), await calls.next(), await calls.next()];
    const followed = follow(paused);
    paused.pause();
    await follow(slow).gone;
    client.send(frame(data, endStream, 1), frame(data, endStream, 3));
    paused.resume();
    await Promise.all([followed.body, follow(unread).body]);
  });
});

describe('a connection', () => {
  it('without a call goes away after its time', async () => {
    const { client } = await serve({ idleMs: 20 });
    await client.closed();
    expect(codeOf(client)).toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('whose client does not react goes away none the less', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    closeAfterTest(() => vi.useRealTimers());
    const port = await listen({}, { limits: { idleMs: 20 } });
    const client = await FrameClient.dial(port, false);
    client.socket.allowHalfOpen = true;
    await client.next(goAway);
    vi.advanceTimersByTime(1_000);
    await once(client.socket, 'end');
    vi.advanceTimersByTime(10_000);
    await writeUntilClosed(client, Buffer.alloc(1));
  });

  it('that is too old finishes its calls, says which ones it took, and goes away', async () => {
    const { calls, client } = await serve({ maxConnectionMs: 20 });
    client.send(headersFrames(1, endStream));
    const exchange = await calls.next();
    const goAways = () => client.frames.filter(({ type }) => type === goAway).map(({ payload }) => payload);
    await client.until(() => goAways().length === 2);
    const [all, one] = [uint32(2 ** 31 - 1), uint32(1)].map((id) => Buffer.concat([id, uint32(0)]));
    expect(goAways()).toEqual([all, one]);
    exchange.respond(200, []);
    exchange.end(Buffer.from('done'));
    await client.next(data, 1);
    await client.closed();
  });
});
