import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { Exchange } from './exchange.ts';
import { follow, listen, takeCalls } from './testing.ts';
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

const { data, headers, reset } = frameType;
const typesOf = (client: FrameClient) => client.of(1).map(({ type, flags }) => [type, flags]);

/** A client, and its call with this much of a body. */
async function call(...body: readonly Buffer[]): Promise<{ client: FrameClient; exchange: Exchange }> {
  const calls = takeCalls();
  const port = await listen({ rpc: calls.rpc });
  const client = await FrameClient.dial(port);
  client.send(headersFrames(1, 0), ...body);
  return { client, exchange: await calls.next() };
}

const wholeBody = frame(data, endStream, 1, Buffer.from('hello'));
const halfBody = frame(data, 0, 1, Buffer.from('hel'));

describe('the request', () => {
  it('is there with its target, its fields in order and its client', async () => {
    const calls = takeCalls();
    const client = await FrameClient.dial(await listen({ rpc: calls.rpc }));
    client.send(headersFrames(1, endStream, headerBlock({ ':path': '/a?b', te: 'trailers', 'x-bin': 'AA' })));
    const exchange = await calls.next();
    expect(exchange).toMatchObject({
      httpVersion: 2,
      method: 'POST',
      target: '/a?b',
      clientAddress: '127.0.0.1',
    });
    expect(exchange.headers['x-bin']).toBe('AA');
    expect(exchange.rawHeaders.slice(-4)).toEqual(['te', 'trailers', 'x-bin', 'AA']);
  });

  it('has a whole body when the client said so', async () => {
    const { exchange } = await call(wholeBody);
    expect(await follow(exchange).body).toBe('hello');
  });

  it.each([
    ['CANCEL', constants.NGHTTP2_CANCEL],
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['PROTOCOL_ERROR', constants.NGHTTP2_PROTOCOL_ERROR],
  ])('has no whole body where the client resets it by %s', async (_name, code) => {
    const { client, exchange } = await call(halfBody);
    const followed = follow(exchange);
    client.send(frame(reset, 0, 1, uint32(code)));
    await followed.gone;
    await client.settled();
    expect(followed).toMatchObject({ bodySoFar: 'hel', isBodyComplete: false, goneCount: 1 });
  });

  it('has no whole body where it is reset, even if nobody watches the answer', async () => {
    const { client, exchange } = await call(halfBody);
    let isWhole = false;
    const onEnd = () => {
      isWhole = true;
    };
    exchange.read({ onChunk: () => {}, onEnd });
    await client.settled();
    client.send(frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    await client.settled();
    await new Promise(setImmediate);
    expect(isWhole).toBe(false);
  });

  it('has no whole body where the connection is lost', async () => {
    const { client, exchange } = await call(halfBody);
    const followed = follow(exchange);
    client.socket.destroy();
    await followed.gone;
    await new Promise(setImmediate);
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 1 });
  });

  it('has a whole body, and then no client, where the reset comes behind its end', async () => {
    const { client, exchange } = await call(wholeBody);
    const followed = follow(exchange);
    await followed.body;
    client.send(frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    await followed.gone;
    expect(followed.goneCount).toBe(1);
  });

  it('is held back: a paused body takes no more than its window', async () => {
    const { client, exchange } = await call();
    const followed = follow(exchange);
    exchange.pause();
    await client.settled();
    const chunk = Buffer.alloc(16_384);
    for (let i = 0; i < 63; i++) client.send(frame(data, 0, 1, chunk));
    await client.settled();
    expect(
      client.frames.filter(({ type, streamId }) => type === frameType.windowUpdate && streamId === 1),
    ).toEqual([]);
    client.send(frame(data, endStream, 1));
    exchange.resume();
    expect((await followed.body).length).toBe(63 * chunk.length);
  });

  it('is told to go on where it expects that, when its body is wanted', async () => {
    const calls = takeCalls();
    const client = await FrameClient.dial(await listen({ rpc: calls.rpc }));
    client.send(headersFrames(1, 0, headerBlock({ expect: '100-continue' })));
    const exchange = await calls.next();
    await client.settled();
    expect(client.of(1)).toEqual([]);
    follow(exchange);
    expect((await client.next(headers, 1)).flags).toBe(endHeaders);
  });
});

describe('the answer', () => {
  it('is head, body and trailers in one frame each', async () => {
    const { client, exchange } = await call(wholeBody);
    await follow(exchange).body;
    exchange.respond(200, ['content-type', 'application/grpc']);
    expect(exchange.hasResponded).toBe(true);
    exchange.end(Buffer.from('answer'), ['grpc-status', '0', 'x', '1', 'x', '2']);
    await client.until(() => client.of(1).length === 3);
    expect(typesOf(client)).toEqual([
      [headers, endHeaders],
      [data, 0],
      [headers, endHeaders | endStream],
    ]);
    expect(client.of(1)[1]?.payload.toString()).toBe('answer');
  });

  it('has its head at once, before there is a body', async () => {
    const { client, exchange } = await call(wholeBody);
    exchange.respond(200, []);
    await client.next(headers, 1);
    expect(exchange.write(Buffer.from('one'))).toBe(true);
    expect((await client.next(data, 1)).payload.toString()).toBe('one');
  });

  it('is one HEADERS frame where there is nothing else', async () => {
    const { client, exchange } = await call(wholeBody);
    await follow(exchange).body;
    exchange.respond(200, ['grpc-status', '5'], true);
    await client.next(headers, 1);
    await client.settled();
    expect(typesOf(client)).toEqual([[headers, endHeaders | endStream]]);
  });

  it.each([
    ['with trailers', ['grpc-status', '8']],
    ['without trailers', []],
  ])('%s comes whole before a client that still sends is told to stop', async (_name, trailers) => {
    const { client, exchange } = await call(halfBody);
    const followed = follow(exchange);
    exchange.respond(200, []);
    exchange.end(Buffer.from('enough'), trailers);
    expect((await client.next(reset, 1)).payload).toEqual(uint32(constants.NGHTTP2_NO_ERROR));
    const frames = client.of(1);
    expect(frames.at(-2)?.flags).toSatisfy((flags: number) => (flags & endStream) !== 0);
    client.send(halfBody, halfBody);
    await client.settled();
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 0 });
  });

  it('is given to a client that still sends a body that nobody read, even as one frame', async () => {
    const { client, exchange } = await call(halfBody);
    exchange.respond(200, ['grpc-status', '16'], true);
    expect((await client.next(reset, 1)).payload).toEqual(uint32(constants.NGHTTP2_NO_ERROR));
    expect(typesOf(client)[0]).toEqual([headers, endHeaders | endStream]);
  });

  it('does not stop a client that had said all, though nobody read it', async () => {
    const { client, exchange } = await call(wholeBody);
    exchange.respond(200, []);
    exchange.end(Buffer.from('answer'), ['grpc-status', '0']);
    await client.until(() => client.of(1).length === 3);
    await client.settled();
    expect(client.of(1).length).toBe(3);
  });

  it('waits for a client that reads slowly', async () => {
    const { client, exchange } = await call(wholeBody);
    const followed = follow(exchange);
    exchange.respond(200, []);
    const chunk = Buffer.alloc(100_000);
    expect(exchange.write(chunk)).toBe(false);
    client.send(
      frame(frameType.windowUpdate, 0, 1, uint32(1e6)),
      frame(frameType.windowUpdate, 0, 0, uint32(1e6)),
    );
    await followed.drained;
    expect(exchange.write(Buffer.from('more'))).toBe(true);
  });

  it('that ended is not complete before all of it is sent: the client may be gone until then, once', async () => {
    const { client, exchange } = await call(wholeBody);
    const followed = follow(exchange);
    await followed.body;
    exchange.respond(200, []);
    exchange.end(Buffer.alloc(100_000), ['grpc-status', '0']);
    await client.next(data, 1);
    client.send(frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    await followed.gone;
    await client.settled();
    expect(followed.goneCount).toBe(1);
  });

  it('that is complete has no client who could be gone', async () => {
    const { client, exchange } = await call(wholeBody);
    const followed = follow(exchange);
    await followed.body;
    exchange.respond(200, []);
    exchange.end(undefined, ['grpc-status', '0']);
    await client.until(() => client.of(1).some(({ flags }) => (flags & endStream) !== 0));
    client.send(frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    await client.settled();
    client.socket.destroy();
    await new Promise(setImmediate);
    expect(followed.goneCount).toBe(0);
  });

  it('is cut off by the code it is told, and then nothing has an effect', async () => {
    const { client, exchange } = await call(halfBody);
    const followed = follow(exchange);
    exchange.respond(200, []);
    exchange.reset(constants.NGHTTP2_REFUSED_STREAM);
    exchange.respond(200, []);
    exchange.end(Buffer.from('late'), ['a', 'b']);
    exchange.reset(constants.NGHTTP2_CANCEL);
    expect(exchange.write(Buffer.from('late'))).toBe(true);
    expect((await client.next(reset, 1)).payload).toEqual(uint32(constants.NGHTTP2_REFUSED_STREAM));
    await client.settled();
    expect(client.of(1).filter(({ type }) => type === data)).toEqual([]);
    expect(followed.goneCount).toBe(0);
  });

  it('to a client that is gone has no effect', async () => {
    const { client, exchange } = await call(halfBody);
    const followed = follow(exchange);
    client.send(frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    await followed.gone;
    await client.settled();
    exchange.respond(200, []);
    expect(exchange.write(Buffer.from('late'))).toBe(true);
    exchange.pause();
    exchange.resume();
    exchange.end(Buffer.from('late'), ['a', 'b']);
    exchange.reset(constants.NGHTTP2_CANCEL);
    await client.settled();
    expect(client.of(1)).toEqual([]);
  });

  it.each([204, 304])('%i has no body', async (status) => {
    const { client, exchange } = await call(wholeBody);
    exchange.respond(status, []);
    expect(exchange.write(Buffer.from('none'))).toBe(true);
    exchange.end(Buffer.from('none'));
    await client.settled();
    expect(typesOf(client)).toEqual([[headers, endHeaders | endStream]]);
  });

  it('to HEAD has no body', async () => {
    const calls = takeCalls();
    const client = await FrameClient.dial(await listen({ rpc: calls.rpc }));
    client.send(headersFrames(1, endStream, headerBlock({ ':method': 'HEAD' })));
    const exchange = await calls.next();
    exchange.respond(200, ['content-length', '4']);
    exchange.end(Buffer.from('none'), ['a', 'b']);
    await client.settled();
    expect(typesOf(client)).toEqual([[headers, endHeaders | endStream]]);
  });
});

it('a call that is reset together with its beginning is gone, even to who watches it only then', async () => {
  const calls = takeCalls();
  const client = await FrameClient.dial(await listen({ rpc: calls.rpc }));
  client.send(headersFrames(1, 0), frame(reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
  const exchange = await calls.next();
  await client.settled();
  const followed = follow(exchange);
  await followed.gone;
  expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 1 });
  exchange.respond(200, [], true);
  await client.settled();
  expect(client.of(1)).toEqual([]);
});
