import { once } from 'node:events';
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import type { HttpRequest, HttpResponse } from './http-messages.ts';
import type { HttpHandler } from './listener-context.ts';
import { closeAfterTest, dial, listen } from './testing.ts';
import { endStream, FrameClient, frame, frameType, headerBlock, headersFrames } from './testing-frames.ts';

interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: string;
}

type Send = (port: number, method: string) => Promise<Answer>;

const sendHttp1: Send = async (port, method) => {
  const [response] = (await once(httpRequest({ port, method }).end(), 'response')) as [IncomingMessage];
  return { status: response.statusCode ?? 0, headers: response.headers, body: await textOf(response) };
};

const sendHttp2: Send = async (port, method) => {
  const session = connect(`http://127.0.0.1:${port}`);
  closeAfterTest(() => session.destroy());
  const stream = session.request({ ':method': method });
  const [headers] = await once(stream, 'response');
  return { status: headers[':status'], headers, body: await textOf(stream) };
};

async function textOf(stream: AsyncIterable<Buffer>): Promise<string> {
  let text = '';
  for await (const chunk of stream) text += chunk;
  return text;
}

/** What a handler is given for a POST over HTTP/2 with this body so far, and its client. */
async function post(...body: readonly Buffer[]) {
  const { promise, resolve } = Promise.withResolvers<{ request: HttpRequest; response: HttpResponse }>();
  const port = await listen({ http: (request, response) => resolve({ request, response }) });
  const client = await FrameClient.dial(port);
  client.send(headersFrames(1, 0, headerBlock()), ...body);
  return { client, ...(await promise) };
}

const { data, headers, reset } = frameType;

describe.each([
  ['HTTP/1.1', sendHttp1],
  ['HTTP/2', sendHttp2],
])('an answer over %s', (_name, send) => {
  const answer = async (http: HttpHandler, method = 'GET') => send((await listen({ http })).port, method);

  it('of one piece says how long it is, in bytes', async () => {
    const { headers, body } = await answer((_request, response) => void response.end('größe'));
    expect([headers['content-length'], headers['transfer-encoding'], body]).toEqual([
      '7',
      undefined,
      'größe',
    ]);
  });

  it('of several pieces comes as they are written, with what was set before', async () => {
    const { status, headers, body } = await answer((_request, response) => {
      response.statusCode = 201;
      response.setHeader('X-One', '1');
      response.setHeader('set-cookie', ['a', 'b']);
      response.write('one ');
      response.end('two');
    });
    expect([status, headers['x-one'], body]).toEqual([201, '1', 'one two']);
    expect([headers['set-cookie'], headers['content-length']]).toEqual([['a', 'b'], undefined]);
  });

  it('has a date', async () => {
    const { headers } = await answer((_request, response) => void response.end());
    expect(String(headers.date)).toMatch(/^\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT$/);
  });

  it('to HEAD has no body, and the length of what GET gets', async () => {
    const { headers, body } = await answer((_request, response) => void response.end('none'), 'HEAD');
    expect([headers['content-length'], body]).toEqual(['4', '']);
  });

  it.each([204, 304])('with %i has neither body nor length', async (code) => {
    const { status, headers, body } = await answer((_request, response) => {
      response.statusCode = code;
      response.end('none');
    });
    expect([status, headers['content-length'], body]).toEqual([code, undefined, '']);
  });

  it('that breaks off does not look complete', async () => {
    const broken = answer((_request, response) => {
      response.write('half', () => response.destroy());
    });
    await expect(broken).rejects.toThrow();
  });
});

describe('the body of a request', () => {
  it('is held back while nobody reads it', async () => {
    const { client, request } = await post(frame(data, 0, 1, Buffer.from('hel')));
    await client.settled();
    expect(request.readableLength).toBe(0);
    client.send(frame(data, endStream, 1, Buffer.from('lo')));
    expect(await textOf(request)).toBe('hello');
  });

  it('fails for who reads it where its client goes away, and so does the answer', async () => {
    const { client, request, response } = await post(frame(data, 0, 1, Buffer.from('hel')));
    const body = expect(textOf(request)).rejects.toThrow('the client is gone');
    const closed = once(response, 'close');
    client.socket.destroy();
    await Promise.all([body, closed]);
    expect(response.writableFinished).toBe(false);
  });

  it('is over for who reads it when the answer is', async () => {
    const { client, request, response } = await post(frame(data, 0, 1, Buffer.from('hel')));
    const body = expect(textOf(request)).rejects.toThrow();
    response.end('enough');
    await body;
    expect((await client.next(reset, 1)).payload.readUInt32BE()).toBe(constants.NGHTTP2_NO_ERROR);
  });
});

it('an answer waits for a client that reads slowly', async () => {
  const { client, response } = await post(frame(data, endStream, 1));
  const drained = once(response, 'drain');
  expect(response.write(Buffer.alloc(200_000))).toBe(false);
  await client.settled();
  expect(response.writableNeedDrain).toBe(true);
  const room = Buffer.from([0, 0x0f, 0, 0]);
  client.send(frame(frameType.windowUpdate, 0, 0, room), frame(frameType.windowUpdate, 0, 1, room));
  await drained;
  expect(client.of(1).filter(({ type }) => type === headers).length).toBe(1);
});

it('an answer without a body is one HEADERS frame over HTTP/2, and has length 0 over HTTP/1.1', async () => {
  const { client, response } = await post(frame(data, endStream, 1));
  response.end();
  await client.next(headers, 1);
  await client.settled();
  expect(client.of(1).length).toBe(1);
  const connection = await dial(await listen({ http: (_request, other) => void other.end() }));
  connection.socket.write('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n');
  await expect.poll(() => connection.text).toMatch(/\r\ncontent-length: 0\r\n.*\r\n\r\n$/s);
});
