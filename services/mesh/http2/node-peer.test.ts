import http2 from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { errorCode } from './frame.ts';
import { requestFields, type Served, TestClient, TestServer } from './testing.ts';

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

const mebibyte = 2 ** 20;
const call = { ':method': 'POST', ':path': '/call' };

describe('our server with the client of Node', () => {
  it('answers calls, with trailers', async () => {
    const { session } = await ours(echo);
    for (let count = 0; count < 20; count++) {
      const stream = session.request({ ...call, te: 'trailers' }, { endStream: false });
      stream.end(`message ${count}`);
      expect(await read(stream)).toEqual({ body: `message ${count}`, trailers: { 'grpc-status': '0' } });
    }
  });

  it('takes and gives 64 MiB', async () => {
    const { session } = await ours(({ stream, log }) => {
      let bytes = 0;
      log.onData = (chunk) => {
        bytes += chunk.length;
      };
      log.onEnd = () => {
        stream.sendFields([':status', '200', 'x-bytes', String(bytes)], false);
        pump(stream, log, 64 * mebibyte);
      };
    });
    const stream = session.request(call, { endStream: false });
    let sent = 0;
    const write = () => {
      while (sent < 64 * mebibyte) {
        sent += mebibyte;
        if (!stream.write(Buffer.alloc(mebibyte))) return;
      }
      stream.end();
    };
    stream.on('drain', write);
    write();
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once('response', resolve),
    );
    expect(headers['x-bytes']).toBe(String(64 * mebibyte));
    let received = 0;
    for await (const chunk of stream) received += chunk.length;
    expect(received).toBe(64 * mebibyte);
  });

  it('waits for a client that reads slowly, holding little, and lets the others go on', async () => {
    let written = 0;
    const { session } = await ours((served) => {
      if (served.fields.includes('/quick')) return echo(served);
      const { stream, log } = served;
      stream.sendFields([':status', '200'], false);
      const write = () => {
        for (let more = true; more; written += 16_384) more = stream.write(Buffer.alloc(16_384));
      };
      log.onDrain = write;
      write();
    });
    const slow = session.request({ ...call, ':path': '/slow' });
    await new Promise((resolve) => slow.once('response', resolve));
    slow.pause();
    const quick = session.request({ ...call, ':path': '/quick' }, { endStream: false });
    quick.end('quick');
    expect((await read(quick)).body).toBe('quick');
    expect(written).toBeLessThan(mebibyte);
    slow.close(http2.constants.NGHTTP2_CANCEL);
  });

  it('serves 1,000 streams at a time', async () => {
    const { session, server } = await ours(echo);
    const streams = Array.from({ length: 1_000 }, () => session.request(call, { endStream: false }));
    await server.until(() => server.requests.length === 1_000);
    for (const [index, stream] of streams.entries()) stream.end(String(index));
    const answers = await Promise.all(streams.map(read));
    expect(answers.map(({ body }) => body)).toEqual(streams.map((_, index) => String(index)));
    expect(server.connection.streamCount).toBe(0);
  });

  it('takes and gives a head of 15 KiB', async () => {
    const { session } = await ours(({ stream, fields }) =>
      stream.sendFields([':status', '200', ...fields.slice(-2 * 14)], true),
    );
    const long = Object.fromEntries(Array.from({ length: 14 }, (_, i) => [`x-long-${i}`, '~'.repeat(1_000)]));
    const stream = session.request({ ...call, ...long });
    const headers = await new Promise<http2.IncomingHttpHeaders>((resolve) =>
      stream.once('response', resolve),
    );
    expect(headers).toMatchObject(long);
  });

  it('hears of resets, and tells of its own', async () => {
    const { session, server } = await ours(({ stream, fields }) => {
      if (fields.includes('/refuse')) stream.reset(errorCode.refusedStream);
    });
    const cancelled = session.request(call, { endStream: false });
    await server.request();
    cancelled.close(http2.constants.NGHTTP2_CANCEL);
    await server.until(() => server.cancelledCount === 1);
    expect(server.requests[0]?.log.reset).toEqual({ code: errorCode.cancel, isLost: false });
    const refused = session.request({ ...call, ':path': '/refuse' });
    refused.on('error', () => {});
    await new Promise<void>((resolve) => refused.once('close', resolve));
    expect(refused.rstCode).toBe(errorCode.refusedStream);
  });

  it('answers PING, and drains: streams under way end, then the connection', async () => {
    const { session, server } = await ours(echo);
    const stream = session.request(call, { endStream: false });
    await server.request();
    await new Promise<void>((resolve, reject) =>
      session.ping((error) => (error ? reject(error) : resolve())),
    );
    const goaway = new Promise((resolve) => session.once('goaway', resolve));
    server.connection.drain();
    await goaway;
    stream.end('last');
    expect((await read(stream)).body).toBe('last');
    await new Promise<void>((resolve) => (session.closed ? resolve() : session.once('close', resolve)));
  });
});

describe('our client with the server of Node', () => {
  it('makes calls, with trailers', async () => {
    const { client } = await theirs(echoOfNode);
    for (let count = 0; count < 20; count++) {
      const { stream, log } = client.request();
      stream.write(Buffer.from(`message ${count}`));
      stream.end();
      await log.until(() => log.isEnded);
      expect(log.data.toString()).toBe(`message ${count}`);
      expect(log.heads.at(-1)).toEqual({ fields: ['grpc-status', '0'], isLast: true });
    }
    expect(client.connection.streamCount).toBe(0);
  });

  it('sends and takes 64 MiB, reading slowly', async () => {
    const { client } = await theirs((stream) => {
      let bytes = 0;
      stream.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      stream.on('end', () => {
        stream.respond({ 'x-bytes': bytes });
        for (let sent = 0; sent < 64; sent++) stream.write(Buffer.alloc(mebibyte));
        stream.end();
      });
    });
    const { stream, log } = client.request();
    let received = 0;
    log.onData = (chunk) => {
      received += chunk.length;
      stream.pause();
      setImmediate(() => stream.resume());
    };
    pump(stream, log, 64 * mebibyte);
    await log.until(() => log.isEnded);
    expect(headersOf(log.heads[0]?.fields)['x-bytes']).toBe(String(64 * mebibyte));
    expect(received).toBe(64 * mebibyte);
  });

  it('makes 1,000 calls at a time', async () => {
    const { client } = await theirs(echoOfNode, { settings: { maxConcurrentStreams: 1_000 } });
    await client.until(() => client.settingsCount > 0);
    expect(client.connection.streamsMax).toBe(1_000);
    const calls = Array.from({ length: 1_000 }, () => client.request());
    for (const [index, { stream }] of calls.entries()) {
      stream.write(Buffer.from(String(index)));
      stream.end();
    }
    await Promise.all(calls.map(({ log }) => log.until(() => log.isEnded)));
    expect(calls.map(({ log }) => log.data.toString())).toEqual(calls.map((_, index) => String(index)));
  });

  it('sends and takes a head of 15 KiB', async () => {
    const { client } = await theirs((stream, headers) => stream.respond({ 'x-long': headers['x-long'] }));
    const long = '~'.repeat(15_000);
    const { log } = client.request([...requestFields, 'x-long', long]);
    await log.until(() => log.heads.length > 0);
    expect(headersOf(log.heads[0]?.fields)['x-long']).toBe(long);
  });

  it('hears of resets, and tells of its own', async () => {
    const codes: number[] = [];
    let changed = () => {};
    const { client } = await theirs((stream) => {
      stream.on('close', () => {
        codes.push(stream.rstCode ?? -1);
        changed();
      });
      if (stream.id === 1) stream.close(http2.constants.NGHTTP2_ENHANCE_YOUR_CALM);
    });
    const { log } = client.request();
    await log.until(() => log.reset !== undefined);
    expect(log.reset).toEqual({ code: errorCode.enhanceYourCalm, isLost: false });
    const told = new Promise<void>((resolve) => {
      changed = resolve;
    });
    const { stream } = client.request();
    await client.settled();
    stream.reset(errorCode.cancel);
    await told;
    expect(codes).toEqual([errorCode.enhanceYourCalm, errorCode.cancel]);
  });

  it('finishes its calls where the server goes away, and opens no more', async () => {
    const { client, sessions } = await theirs((stream) => {
      setImmediate(() => sessions[0]?.close());
      stream.once('data', () => echoOfNode(stream));
    });
    const { stream, log } = client.request();
    await client.until(() => client.goaways.length > 0);
    expect(client.connection.takesStreams).toBe(false);
    stream.write(Buffer.from('last'));
    stream.end();
    await log.until(() => log.isEnded);
    expect(log.reset).toBeUndefined();
    await client.until(() => client.isClosed);
  });

  it('leaves without a call lost', async () => {
    const { client } = await theirs(echoOfNode);
    const { stream, log } = client.request();
    client.connection.retire();
    stream.write(Buffer.from('last'));
    stream.end();
    await log.until(() => log.isEnded);
    expect(log.data.toString()).toBe('last');
    await client.until(() => client.isClosed);
  });
});

async function ours(onRequest: (served: Served) => void) {
  let server: TestServer | undefined;
  const listener = createServer({ noDelay: true }, (socket) => {
    server = new TestServer(socket, onRequest);
  });
  const port = await listen(listener);
  const session = http2.connect(`http://127.0.0.1:${port}`, { settings: { initialWindowSize: 2 ** 17 } });
  session.on('error', () => {});
  closers.push(() => session.destroy());
  await new Promise((resolve) => session.once('remoteSettings', resolve));
  return { session, server: server as TestServer };
}

async function theirs(
  onStream: (stream: http2.ServerHttp2Stream, headers: http2.IncomingHttpHeaders) => void,
  options: http2.ServerOptions = {},
) {
  const sessions: http2.ServerHttp2Session[] = [];
  const listener = http2.createServer(options);
  listener.on('session', (session) => sessions.push(session));
  listener.on('stream', (stream, headers) => {
    stream.on('error', () => {});
    onStream(stream, headers);
  });
  const port = await listen(listener);
  const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
  closers.push(() => socket.destroy());
  return { client: new TestClient(socket), sessions };
}

async function listen(listener: ReturnType<typeof createServer> | http2.Http2Server): Promise<number> {
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  closers.push(() => listener.close());
  return (listener.address() as { port: number }).port;
}

/** Answers with the body, when it is complete, and trailers. */
function echo({ stream, log, isWhole }: Served): void {
  const answer = () => {
    stream.sendFields([':status', '200'], false);
    stream.write(log.data);
    stream.end(['grpc-status', '0']);
  };
  log.onEnd = answer;
  if (isWhole) answer();
}

function echoOfNode(stream: http2.ServerHttp2Stream): void {
  stream.respond({}, { waitForTrailers: true });
  stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
  stream.pipe(stream);
}

/** Writes that much, as the peer takes it, and ends. */
function pump(stream: Served['stream'], log: Served['log'], bytes: number): void {
  let left = bytes;
  const write = () => {
    while (left > 0) {
      left -= mebibyte;
      if (!stream.write(Buffer.alloc(mebibyte))) break;
    }
    if (left === 0) stream.end();
  };
  log.onDrain = write;
  write();
}

async function read(stream: http2.ClientHttp2Stream) {
  let trailers: http2.IncomingHttpHeaders = {};
  stream.on('trailers', (fields) => {
    trailers = { 'grpc-status': fields['grpc-status'] };
  });
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { body: Buffer.concat(chunks).toString(), trailers };
}

function headersOf(fields: readonly string[] = []): Record<string, string> {
  const pairs = fields.flatMap((name, index) => (index % 2 === 0 ? [[name, fields[index + 1] ?? '']] : []));
  return Object.fromEntries(pairs);
}
