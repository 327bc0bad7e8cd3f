import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2, constants } from 'node:http2';
import { connect, type Socket } from 'node:net';
import { describe, expect, it } from 'vitest';
import type { HttpHandler } from './listener-context.ts';
import type { OnePort } from './one-port.ts';
import { closeAfterTest, dial, listen } from './testing.ts';
import { FrameClient } from './testing-frames.ts';

function dialHttp2({ port }: OnePort): ClientHttp2Session {
  const session = connectHttp2(`http://127.0.0.1:${port}`);
  session.on('error', () => {});
  closeAfterTest(() => session.destroy());
  return session;
}

async function get(session: ClientHttp2Session, path = '/'): Promise<string> {
  const stream = session.request({ ':path': path });
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

const sayVersion: HttpHandler = (request, response) => {
  response.end(`HTTP/${request.httpVersion} ${request.url}`);
};

describe('one port', () => {
  it('serves HTTP/1.1 and HTTP/2 with prior knowledge side by side', async () => {
    const port = await listen({ http: sayVersion });
    const answer = await fetch(`http://127.0.0.1:${port.port}/one`);
    expect(await answer.text()).toBe('HTTP/1.1 /one');
    expect(await get(dialHttp2(port), '/two')).toBe('HTTP/2.0 /two');
  });

  it('recognises HTTP/2 whose preface comes byte by byte', async () => {
    const port = await listen({ http: sayVersion });
    const { socket } = await dial(port);
    socket.setNoDelay(true);
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    const emptySettings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    let first: Buffer | undefined;
    socket.once('data', (chunk) => {
      first = chunk;
    });
    for (const byte of preface) {
      socket.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    socket.write(emptySettings);
    await expect.poll(() => first?.[3]).toBe(4);
    socket.destroy();
  });

  it('recognises HTTP/1.1 that begins as HTTP/2 would', async () => {
    const port = await listen({ http: sayVersion });
    const connection = await dial(port);
    for (const part of ['P', 'OST / HTTP/1.1\r\nHost: a\r\n', 'Content-Length: 0\r\n\r\n']) {
      connection.socket.write(part);
      await new Promise(setImmediate);
    }
    await expect.poll(() => connection.text).toContain('HTTP/1.1 /');
  });

  it('answers 400 to garbage and ends the connection', async () => {
    const port = await listen({ http: sayVersion });
    const connection = await dial(port);
    connection.socket.end('\x16\x03\x01garbage\r\n\r\n');
    await once(connection.socket, 'end');
    expect(connection.text).toMatch(/^HTTP\/1.1 400 /);
  });

  it('ends a connection that only begins the preface, and one that is closed before it tells its protocol', async () => {
    const port = await listen({ http: sayVersion }, { limits: { firstBytesMs: 50 } });
    const slow = await dial(port);
    slow.socket.write('PRI');
    const slowEnd = once(slow.socket, 'end');
    const silent = await dial(port);
    silent.socket.end();
    await Promise.all([slowEnd, once(silent.socket, 'end')]);
    expect(slow.text + silent.text).toBe('');
  });

  it('ends a connection whose request head takes too long', async () => {
    const port = await listen({ http: sayVersion }, { limits: { headMs: 50 } });
    const slow = await dial(port);
    slow.socket.write('GET / HTTP/1.1\r\nHost: a\r\n');
    await once(slow.socket, 'end');
    expect(slow.text).toMatch(/^HTTP\/1.1 408 /);
  });

  it('answers a client of HTTP/1.1 that half-closes after its request', async () => {
    const port = await listen({
      http: (_request, response) => void setImmediate(() => response.end('late')),
    });
    const connection = await dial(port);
    connection.socket.end('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(connection.socket, 'end');
    expect(connection.text).toMatch(/Content-Length: 4\r\n.*\r\n\r\nlate$/is);
  });

  it('takes the next request of a connection whose last body nobody read', async () => {
    const port = await listen({ http: sayVersion });
    const connection = await dial(port);
    const body = 'x'.repeat(200_000);
    connection.socket.write(`POST /1 HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
    connection.socket.write('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => connection.text).toContain('HTTP/1.1 /2');
  });

  it('refuses connections beyond the limit', async () => {
    const port = await listen({ http: sayVersion }, { limits: { connectionsMax: 1 } });
    const first = await dial(port);
    const second = await dial(port);
    await once(second.socket, 'end');
    first.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => first.text).toContain('200 OK');
  });

  it('fails only the request whose handler throws', async () => {
    const bug = new Error('a bug');
    const errors: unknown[] = [];
    const http: HttpHandler = (request, response) => {
      if (request.url === '/bug') throw bug;
      sayVersion(request, response);
    };
    const port = await listen({ http }, { onError: (error) => errors.push(error) });
    expect((await fetch(`http://127.0.0.1:${port.port}/bug`)).status).toBe(500);
    const session = dialHttp2(port);
    const [headers] = await once(session.request({ ':path': '/bug' }), 'response');
    expect(headers[':status']).toBe(500);
    expect(errors).toEqual([bug, bug]);
    expect(await get(session, '/fine')).toBe('HTTP/2.0 /fine');
  });

  it('resets an HTTP/2 stream whose answer is complete while its client still sends', async () => {
    const port = await listen({ http: (_request, response) => void response.end('enough') });
    const stream = dialHttp2(port).request({ ':path': '/', ':method': 'POST' }, { endStream: false });
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
    });
    stream.write(Buffer.alloc(100_000));
    await once(stream, 'close');
    expect(text).toBe('enough');
    expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe('closing', () => {
  /** A handler that begins its answer and ends it when told. */
  function held() {
    const finish: (() => void)[] = [];
    const http: HttpHandler = (_request, response) => {
      response.write('begun ');
      finish.push(() => response.end('x'.repeat(1_000_000)));
    };
    return { http, finish };
  }

  it('lets calls under way end, takes no new connections, and then is done', async () => {
    const { http, finish } = held();
    const port = await listen({ http });
    const http1 = fetch(`http://127.0.0.1:${port.port}/`).then((answer) => answer.text());
    const session = dialHttp2(port);
    const http2 = get(session);
    await expect.poll(() => finish.length).toBe(2);
    let isClosed = false;
    const closed = port.close(60_000).then(() => {
      isClosed = true;
    });
    await once(session, 'goaway');
    const late = connect(port.port, '127.0.0.1');
    const [refused] = await once(late, 'error');
    expect(refused).toMatchObject({ code: 'ECONNREFUSED' });
    expect(isClosed).toBe(false);
    for (const end of finish) end();
    expect((await http1).length).toBe(1_000_006);
    expect((await http2).length).toBe(1_000_006);
    await closed;
  });

  it('serves a call of HTTP/2 that its client began before it could know', async () => {
    const { http, finish } = held();
    const port = await listen({ http });
    const session = dialHttp2(port);
    const first = get(session);
    await expect.poll(() => finish.length).toBe(1);
    const closed = port.close(60_000);
    const second = get(session);
    const told = once(session, 'goaway');
    for (const end of finish.splice(0)) end();
    expect((await first).length).toBe(1_000_006);
    await told;
    await expect.poll(() => finish.length).toBe(1);
    for (const end of finish) end();
    expect((await second).length).toBe(1_000_006);
    await closed;
  });

  it('serves the call of an idle HTTP/2 connection, too, whose client could not know', async () => {
    const port = await listen({ http: sayVersion });
    const session = dialHttp2(port);
    await get(session);
    const closed = port.close(60_000);
    expect(await get(session, '/late')).toBe('HTTP/2.0 /late');
    await closed;
  });

  it('is done when the clients of HTTP/2 have read all and closed their sides', async () => {
    const port = await listen({ http: sayVersion });
    const client = await FrameClient.dial(port);
    client.socket.allowHalfOpen = true;
    await client.settled();
    const ended = once(client.socket, 'end');
    let isClosed = false;
    const closed = port.close(60_000).then(() => {
      isClosed = true;
    });
    await ended;
    for (let i = 0; i < 100; i++) await new Promise(setImmediate);
    expect(isClosed).toBe(false);
    client.socket.end();
    await closed;
  });

  it('cuts calls off that take longer than the drain time', async () => {
    const { http, finish } = held();
    const port = await listen({ http });
    const call = fetch(`http://127.0.0.1:${port.port}/`).then((answer) => answer.text());
    const cut = expect(call).rejects.toThrow();
    await expect.poll(() => finish.length).toBe(1);
    await port.close(10);
    await cut;
  });

  it('tells clients of HTTP/1.1 to send the next call elsewhere', async () => {
    const { http, finish } = held();
    const port = await listen({ http });
    const busy = await dial(port);
    busy.socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    const other = await dial(port);
    other.socket.write('GET /1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => finish.length).toBe(2);
    const closed = port.close(60_000);
    finish[1]?.();
    await expect.poll(() => other.text).toMatch(/0\r\n\r\n$/);
    other.socket.write('GET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => finish.length).toBe(3);
    expect(other.text).toContain('Connection: close');
    for (const end of finish) end();
    await closed;
  });

  it('ends connections that are idle or told nothing yet at once', async () => {
    const port = await listen({ http: sayVersion });
    const silent = await dial(port);
    const idle = await dial(port);
    idle.socket.write('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    await expect.poll(() => idle.text).toContain('200 OK');
    const ends = [silent, idle].map(({ socket }) => once(socket, 'end'));
    await Promise.all([port.close(60_000), ...ends]);
  });

  it('fails to listen on a port that is taken', async () => {
    const port = await listen({ http: sayVersion });
    await expect(listen({ http: sayVersion }, { port: port.port })).rejects.toThrow('EADDRINUSE');
  });
});

it('a client of HTTP/1.1 reuses its connection', async () => {
  const port = await listen({ http: sayVersion });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  closeAfterTest(() => agent.destroy());
  const sockets = new Set<Socket>();
  for (let i = 0; i < 3; i++) {
    const request = httpRequest({ port: port.port, agent }).end();
    const [response] = await once(request, 'response');
    sockets.add(request.socket as Socket);
    response.resume();
    await once(response, 'end');
  }
  expect(sockets.size).toBe(1);
});
