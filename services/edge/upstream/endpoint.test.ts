import { once } from 'node:events';
import { constants, type ServerHttp2Stream, type ServerOptions } from 'node:http2';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { RegistryResolver } from '../../mesh/discovery/registry-resolver.ts';
import { deferred, silentLog } from '../../mesh/rpc/testing.ts';
import { closed, respondTrailersOnly, serveHttp2 } from './http2-server.testing.ts';
import { Http2Upstreams, type Http2UpstreamsOptions } from './http2-upstream.ts';
import { ServiceUpstream } from './service-upstream.ts';
import { TestSink, upstreamRequest } from './testing.ts';

const toClose: (() => unknown)[] = [];
const sinks: TestSink[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
  expect(sinks.splice(0).flatMap(({ violations }) => violations)).toEqual([]);
});

async function serve(onStream?: (stream: ServerHttp2Stream) => void, options?: ServerOptions) {
  const server = await serveHttp2(onStream, options);
  toClose.push(() => server.close());
  return server;
}

function upstreamsWith(options: Partial<Http2UpstreamsOptions> = {}): Http2Upstreams {
  const upstreams = new Http2Upstreams({
    log: silentLog,
    self: async () => ({ service: 'edge', assertion: 'signed' }),
    ...options,
  });
  toClose.push(() => upstreams.close());
  return upstreams;
}

function call(upstreams: Http2Upstreams, address: string) {
  const sink = new TestSink();
  sinks.push(sink);
  const stream = upstreams.get(address).open(upstreamRequest(), sink);
  stream.end();
  return { stream, sink };
}

const ok = (stream: ServerHttp2Stream) => respondTrailersOnly(stream, { 'grpc-status': '0' });
const toCodeAndLoss = ({ code, loss }: Awaited<TestSink['ended']>) => [code, loss];

async function freeAddress(): Promise<string> {
  const server = createServer();
  const address = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  return address;
}

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

describe('the sessions to an address', () => {
  it('are one for as many calls as are good for it, and a second one beyond', async () => {
    const server = await serve();
    const upstreams = upstreamsWith();
    const calls = Array.from({ length: 100 }, () => call(upstreams, server.address));
    await vi.waitFor(() => expect(server.streams).toHaveLength(100));
    expect(server.sessions).toHaveLength(1);
    calls.push(call(upstreams, server.address), call(upstreams, server.address));
    await vi.waitFor(() => expect(server.streams).toHaveLength(102));
    expect(server.sessions).toHaveLength(2);
    for (const { stream } of server.streams) ok(stream);
    for (const { sink } of calls) expect((await sink.ended).code).toBe(Code.OK);
  });

  it('are at most four; calls beyond what those may run wait, those that give up are never sent', async () => {
    const server = await serve(undefined, { settings: { maxConcurrentStreams: 1 } });
    const upstreams = upstreamsWith();
    const calls = Array.from({ length: 6 }, () => call(upstreams, server.address));
    await vi.waitFor(() => expect(server.streams).toHaveLength(4));
    expect(server.sessions).toHaveLength(4);
    calls[4]?.stream.cancel();
    calls[4]?.sink.silence();
    for (let i = 0; i < 5; i++) ok((await server.next()).stream);
    for (const { sink } of calls.toSpliced(4, 1)) expect((await sink.ended).code).toBe(Code.OK);
    expect([server.streams.length, server.sessions.length]).toEqual([5, 4]);
  });

  it('let a bounded number of calls wait', async () => {
    const server = await serve(undefined, { settings: { maxConcurrentStreams: 1 } });
    const upstreams = upstreamsWith();
    for (let i = 0; i < 4; i++) call(upstreams, server.address);
    await vi.waitFor(() => expect(server.streams).toHaveLength(4));
    const waiting = Array.from({ length: 1_000 }, () => call(upstreams, server.address));
    expect(toCodeAndLoss(await call(upstreams, server.address).sink.ended)).toEqual([
      Code.UNAVAILABLE,
      'not-sent',
    ]);
    await upstreams.close();
    for (const { sink } of waiting) expect((await sink.ended).loss).toBe('not-sent');
  });

  it('are closed when nobody has used them for long', async () => {
    const server = await serve(ok);
    const upstreams = upstreamsWith({ times: { pingEveryMs: 10, idleMs: 30 } });
    await call(upstreams, server.address).sink.ended;
    const [session] = server.sessions;
    if (session && !session.closed) await once(session, 'close');
    expect((await call(upstreams, server.address).sink.ended).code).toBe(Code.OK);
    expect(server.sessions).toHaveLength(2);
  });

  it('finish their calls when they are closed, and take no more', async () => {
    const server = await serve();
    const upstreams = upstreamsWith();
    const upstream = upstreams.get(server.address);
    const { sink } = call(upstreams, server.address);
    const { stream } = await server.next();
    await upstreams.close();
    const late = new TestSink();
    upstream.open(upstreamRequest(), late);
    expect((await late.ended).loss).toBe('not-sent');
    ok(stream);
    expect((await sink.ended).code).toBe(Code.OK);
  });

  it('are let go before a service takes many cancelled calls for an attack', async () => {
    const server = await serve();
    const upstreams = upstreamsWith();
    const long = call(upstreams, server.address);
    const { stream } = await server.next();
    for (let i = 0; i < 1_500; i++) {
      const short = call(upstreams, server.address);
      const served = await server.next();
      short.stream.cancel();
      short.sink.silence();
      await closed(served.stream);
    }
    ok(stream);
    expect((await long.sink.ended).code).toBe(Code.OK);
    expect(server.sessions).toHaveLength(3);
  });
});

describe('GOAWAY', () => {
  it('lets calls under way finish and sends new ones over a new session', async () => {
    const server = await serve();
    const upstreams = upstreamsWith();
    const old = call(upstreams, server.address);
    const { stream } = await server.next();
    stream.session?.goaway();
    // The client answers in kind once it has heard of it.
    if (stream.session) await once(stream.session, 'goaway');
    const young = call(upstreams, server.address);
    ok((await server.next()).stream);
    expect((await young.sink.ended).code).toBe(Code.OK);
    ok(stream);
    expect((await old.sink.ended).code).toBe(Code.OK);
    expect(server.sessions).toHaveLength(2);
  });

  it.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM],
  ])('with %s says which calls no service has seen', async (_name, http2Code) => {
    const server = await serve();
    const upstreams = upstreamsWith();
    const seen = call(upstreams, server.address);
    const { stream } = await server.next();
    const unseen = call(upstreams, server.address);
    await server.next();
    stream.session?.goaway(http2Code, stream.id);
    expect(toCodeAndLoss(await unseen.sink.ended)).toEqual([Code.UNAVAILABLE, 'not-sent']);
    if (http2Code === constants.NGHTTP2_NO_ERROR) ok(stream);
    expect((await seen.sink.ended).loss).toBe(http2Code === constants.NGHTTP2_NO_ERROR ? undefined : 'lost');
  });
});

describe('a stream that a service refuses', () => {
  it('is made again without its caller hearing of it', async () => {
    const server = await serve();
    const resolver = new RegistryResolver();
    resolver.register('iam', { address: server.address, attributes: {} });
    const upstream = new ServiceUpstream({ service: 'iam', resolver, upstreams: upstreamsWith() });
    const sink = new TestSink();
    const stream = upstream.open(upstreamRequest({ method: GraphService.method.execute }), sink);
    stream.write(Buffer.from([0, 0, 0, 0, 0]));
    stream.end();
    (await server.next()).stream.close(constants.NGHTTP2_REFUSED_STREAM);
    const { stream: again } = await server.next();
    const [body] = await once(again, 'data');
    ok(again);
    expect((await sink.ended).code).toBe(Code.OK);
    expect(body).toEqual(Buffer.from([0, 0, 0, 0, 0]));
  });
});

describe('a connection', () => {
  it('that is refused means not sent; the next one waits, each time longer, and nobody waits for it', async () => {
    const address = await freeAddress();
    let nowMs = 0;
    const upstreams = upstreamsWith({ now: () => nowMs });
    const ask = async () => toCodeAndLoss(await call(upstreams, address).sink.ended);
    expect(await ask()).toEqual([Code.UNAVAILABLE, 'not-sent']);
    const server = createServer();
    const connections: Socket[] = [];
    server.on('connection', (socket) => connections.push(socket.destroy()));
    toClose.push(() => new Promise((resolve) => server.close(resolve)));
    await new Promise<void>((resolve) =>
      server.listen(Number(address.split(':')[1]), '127.0.0.1', () => resolve()),
    );
    for (const waitMs of [50, 100, 200, 400, 800, 1_000, 1_000]) {
      const dialled = connections.length;
      nowMs += waitMs - 1;
      expect(await ask()).toEqual([Code.UNAVAILABLE, 'not-sent']);
      expect(connections).toHaveLength(dialled);
      nowMs += 1;
      expect(await ask()).toEqual([Code.UNAVAILABLE, 'not-sent']);
      expect(connections).toHaveLength(dialled + 1);
    }
  });

  it('on which nobody answers is given up, and its calls were not sent', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => sockets.push(socket.resume()));
    const address = await listen(server);
    toClose.push(() => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(resolve));
    });
    const upstreams = upstreamsWith({ times: { connectMs: 20 } });
    expect(toCodeAndLoss(await call(upstreams, address).sink.ended)).toEqual([Code.UNAVAILABLE, 'not-sent']);
  });

  it('that falls silent under its calls is given up, and they are lost', async () => {
    const server = await serve();
    const relay = await relayTo(server.address);
    const upstreams = upstreamsWith({ times: { pingEveryMs: 20, pingTimeoutMs: 20 } });
    const { sink } = call(upstreams, relay.address);
    await server.next();
    relay.fallSilent();
    expect(toCodeAndLoss(await sink.ended)).toEqual([Code.UNAVAILABLE, 'lost']);
  });

  it('that falls silent is given up also where it takes no new calls', async () => {
    const server = await serve();
    const relay = await relayTo(server.address);
    const upstreams = upstreamsWith({ times: { pingEveryMs: 20, pingTimeoutMs: 20 } });
    const { sink } = call(upstreams, relay.address);
    await server.next();
    await upstreams.close();
    relay.fallSilent();
    expect(toCodeAndLoss(await sink.ended)).toEqual([Code.UNAVAILABLE, 'lost']);
  });

  it('whose PINGs are answered lives on, however long its calls say nothing', async () => {
    const server = await serve();
    const upstreams = upstreamsWith({ times: { pingEveryMs: 10, pingTimeoutMs: 5_000 } });
    const { sink } = call(upstreams, server.address);
    const { stream } = await server.next();
    const pinged = deferred();
    let pingCount = 0;
    stream.session?.on('ping', () => {
      pingCount++;
      if (pingCount === 3) pinged.resolve();
    });
    await pinged.promise;
    ok(stream);
    expect((await sink.ended).code).toBe(Code.OK);
  });
});

/** Passes bytes on until it is told to fall silent, as a host does that loses its power. */
async function relayTo(address: string) {
  const sockets: Socket[] = [];
  const server = createServer((client) => {
    const service = connect({ host: '127.0.0.1', port: Number(address.split(':')[1]) });
    sockets.push(client, service);
    for (const socket of [client, service]) socket.on('error', () => {});
    client.pipe(service).pipe(client);
  });
  toClose.push(() => {
    for (const socket of sockets) socket.destroy();
    return new Promise((resolve) => server.close(resolve));
  });
  return {
    address: await listen(server),
    fallSilent: () => {
      for (const socket of sockets) socket.unpipe().pause();
    },
  };
}
