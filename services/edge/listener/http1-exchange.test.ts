import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { dial, follow, listen, takeCalls } from './testing.ts';

/** A connection that has sent this, and the call that came of it. */
async function call(text: string) {
  const calls = takeCalls();
  const connection = await dial(await listen({ rpc: calls.rpc }));
  connection.socket.write(text);
  return { connection, calls, exchange: await calls.next() };
}

const head = 'POST /call?a HTTP/1.1\r\nHost: edge\r\nX-Twice: 1\r\nX-Twice: 2\r\n';
const whole = `${head}Content-Length: 5\r\n\r\nhello`;
const half = `${head}Content-Length: 5\r\n\r\nhel`;

describe('the request', () => {
  it('is there with its target, its fields in order and its client', async () => {
    const { exchange } = await call(whole);
    expect(exchange).toMatchObject({
      httpVersion: 1,
      method: 'POST',
      target: '/call?a',
      clientAddress: '127.0.0.1',
      rawHeaders: ['host', 'edge', 'x-twice', '1', 'x-twice', '2', 'content-length', '5'],
    });
    expect(exchange.headers['x-twice']).toBe('1, 2');
    expect(await follow(exchange).body).toBe('hello');
  });

  it.each([
    ['of a known length', half],
    ['in chunks', `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n`],
  ])('%s is not whole where the connection is lost', async (_name, text) => {
    const { connection, exchange } = await call(text);
    const followed = follow(exchange);
    connection.socket.resetAndDestroy();
    await followed.gone;
    await new Promise(setImmediate);
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 1 });
  });

  it('is told to go on where it expects that, when its body is wanted', async () => {
    const { connection, exchange } = await call(`${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    await new Promise(setImmediate);
    expect(connection.text).toBe('');
    const followed = follow(exchange);
    await expect.poll(() => connection.text).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    connection.socket.write('hello');
    expect(await followed.body).toBe('hello');
  });

  it('that waits to go on is answered, and its connection ends, where its body is not wanted', async () => {
    const { connection, exchange } = await call(`${head}Expect: 100-continue\r\nContent-Length: 5\r\n\r\n`);
    exchange.respond(401, [], true);
    await connection.ended;
    expect(connection.text).toMatch(/^HTTP\/1.1 401 .*\r\nConnection: close\r\n/s);
  });
});

describe('the answer', () => {
  it('comes in chunks with its trailers, repeated ones apart, and its connection takes the next call', async () => {
    const { connection, calls, exchange } = await call(whole);
    const followed = follow(exchange);
    await followed.body;
    exchange.respond(200, ['x-one', '1', 'set-cookie', 'a', 'set-cookie', 'b']);
    exchange.write(Buffer.from('ans'));
    exchange.end(Buffer.from('wer'), ['grpc-status', '0', 'x', '1', 'x', '2']);
    await expect.poll(() => connection.text).toMatch(/0\r\ngrpc-status: 0\r\nx: 1\r\nx: 2\r\n\r\n$/);
    expect(connection.text).toContain('set-cookie: a\r\nset-cookie: b\r\n');
    connection.socket.write(whole);
    (await calls.next()).respond(204, [], true);
    await expect.poll(() => connection.text).toContain('HTTP/1.1 204');
    expect(followed.goneCount).toBe(0);
  });

  it('has its head at once, before there is a body', async () => {
    const { connection, exchange } = await call(whole);
    exchange.respond(200, ['x-one', '1']);
    await expect.poll(() => connection.text).toMatch(/x-one: 1\r\n.*\r\n\r\n$/s);
    expect(exchange.hasResponded).toBe(true);
  });

  it('without a body says so', async () => {
    const { connection, exchange } = await call(whole);
    exchange.respond(404, [], true);
    await expect.poll(() => connection.text).toMatch(/content-length: 0\r\n.*\r\n\r\n$/s);
  });

  it('to a client that still sends is given, the rest is thrown away, and the next call comes', async () => {
    const { connection, calls, exchange } = await call(half);
    const followed = follow(exchange);
    exchange.pause();
    exchange.respond(200, []);
    exchange.end(Buffer.from('enough'));
    await expect.poll(() => connection.text).toMatch(/enough\r\n0\r\n\r\n$/);
    connection.socket.write(`lo${whole}`);
    expect(await follow(await calls.next()).body).toBe('hello');
    expect(followed).toMatchObject({ isBodyComplete: false, goneCount: 0 });
  });

  it('to a client that does not stop sending ends its connection', async () => {
    const { connection, exchange } = await call(`${head}Content-Length: 1000000000\r\n\r\n`);
    follow(exchange);
    exchange.respond(200, [], true);
    const piece = Buffer.alloc(2 ** 20);
    for (let sent = 0; sent < 64 && !connection.socket.destroyed; sent++)
      await new Promise((resolve) => connection.socket.write(piece, resolve));
    await connection.ended;
  });

  it('waits for a client that reads slowly', async () => {
    const { connection, exchange } = await call(whole);
    const followed = follow(exchange);
    connection.socket.pause();
    exchange.respond(200, []);
    const chunk = Buffer.alloc(2 ** 20);
    for (let i = 0; exchange.write(chunk); i++) expect(i).toBeLessThan(100);
    connection.socket.resume();
    await followed.drained;
  });

  it('is cut off with its connection, and then nothing has an effect', async () => {
    const { connection, exchange } = await call(half);
    const followed = follow(exchange);
    exchange.respond(200, []);
    exchange.reset(constants.NGHTTP2_CANCEL);
    exchange.respond(200, []);
    expect(exchange.write(Buffer.from('late'))).toBe(true);
    exchange.end(Buffer.from('late'), ['a', 'b']);
    await connection.ended;
    expect(connection.text).not.toContain('late');
    expect(followed.goneCount).toBe(0);
  });

  it('to a client that is gone has no effect', async () => {
    const { connection, exchange } = await call(half);
    const followed = follow(exchange);
    connection.socket.resetAndDestroy();
    await followed.gone;
    exchange.respond(200, []);
    expect(exchange.write(Buffer.from('late'))).toBe(true);
    exchange.pause();
    exchange.resume();
    exchange.end(Buffer.from('late'), ['a', 'b']);
    exchange.reset(constants.NGHTTP2_CANCEL);
    expect(followed.goneCount).toBe(1);
  });
});
