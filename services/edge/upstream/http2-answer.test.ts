import { constants, type OutgoingHttpHeaders, type ServerHttp2Stream } from 'node:http2';
import { afterEach, describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { silentLog } from '../../mesh/rpc/testing.ts';
import { fromCallEnd } from '../data-path/call-end.ts';
import {
  endWith,
  grpcHead,
  type Http2TestServer,
  respondTrailersOnly,
  serveHttp2,
} from './http2-server.testing.ts';
import { Http2Upstreams } from './http2-upstream.ts';
import { TestSink, upstreamRequest } from './testing.ts';
import type { UpstreamRequest } from './upstream.ts';

const toClose: (() => unknown)[] = [];
const sinks: TestSink[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
  expect(sinks.splice(0).flatMap(({ violations }) => violations)).toEqual([]);
});

const self = async () => ({ service: 'edge', assertion: 'signed-edge' });

async function serve(onStream?: (stream: ServerHttp2Stream) => void): Promise<Http2TestServer> {
  const server = await serveHttp2(onStream);
  toClose.push(() => server.close());
  return server;
}

function call({ address }: Http2TestServer, changes?: Partial<UpstreamRequest>) {
  const upstreams = new Http2Upstreams({ log: silentLog, self });
  toClose.push(() => upstreams.close());
  const sink = new TestSink();
  sinks.push(sink);
  const stream = upstreams.get(address).open(upstreamRequest(changes), sink);
  return { stream, sink };
}

/** How a call ends that this server answers. */
async function endOf(onStream: (stream: ServerHttp2Stream) => void) {
  const { stream, sink } = call(await serve(onStream));
  stream.end();
  const end = await sink.ended;
  return { ...end, sink };
}

describe('a call over HTTP/2', () => {
  it('goes with the fields of gRPC and of the mesh, and the metadata as it came', async () => {
    const server = await serve();
    const metadata = ['x-a', '1', 'k-bin', 'AAE', 'x-a', '2'];
    call(server, { metadata, deadlineMs: Date.now() + 60_000 });
    const { fields } = await server.next();
    const timeout = fields[fields.indexOf('grpc-timeout') + 1] ?? '';
    expect(timeout).toMatch(/^\d{5}m$/);
    expect(fields).toEqual([
      ...[':method', 'POST', ':scheme', 'http', ':authority', server.address],
      ...[':path', '/trellis.graph.v1.GraphService/Query', 'content-type', 'application/grpc+proto'],
      ...['te', 'trailers', 'x-trellis-assertion', 'signed-edge', 'x-request-id', 'request-1'],
      ...['traceparent', '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01'],
      ...['grpc-timeout', timeout, 'x-trellis-client-address', '192.0.2.7', ...metadata],
    ]);
  });

  it.each([
    ['passed', -5_000, /^1m$/],
    ['days away', 10 * 86_400_000, /^86\d{4}S$/],
    ['never', Number.POSITIVE_INFINITY, /^99999999S$/],
  ])('says a deadline that is %s in at most eight digits', async (_name, leftMs, expected) => {
    const server = await serve();
    call(server, { deadlineMs: Date.now() + leftMs });
    const { fields } = await server.next();
    expect(fields[fields.indexOf('grpc-timeout') + 1]).toMatch(expected);
  });

  it('says no deadline where its client said none', async () => {
    const server = await serve();
    call(server, { deadlineMs: undefined });
    expect((await server.next()).fields).not.toContain('grpc-timeout');
  });

  it('speaks for its caller where there is one', async () => {
    const server = await serve();
    call(server, { caller: { service: 'edge', assertion: 'signed-ada' } });
    const { fields } = await server.next();
    expect(fields[fields.indexOf('x-trellis-assertion') + 1]).toBe('signed-ada');
  });

  it('whose metadata HTTP/2 forbids ends, and throws nothing', async () => {
    const { sink } = call(await serve(), { metadata: ['connection', 'close'] });
    const end = await sink.ended;
    expect(end.code).toBe(Code.INTERNAL);
  });

  it('ends where the edge cannot sign for itself', async () => {
    const server = await serve();
    const upstreams = new Http2Upstreams({ log: silentLog, self: () => Promise.reject(new Error('no key')) });
    const sink = new TestSink();
    upstreams.get(server.address).open(upstreamRequest(), sink);
    expect((await sink.ended).code).toBe(Code.INTERNAL);
    expect(server.streams).toEqual([]);
  });
});

describe('an answer over HTTP/2', () => {
  it('has its metadata passed on before its first message, in order, without what is not its own', async () => {
    const server = await serve((stream) => {
      const fields = ['x-a', '1', 'k-bin', 'AAE', 'x-a', '2', 'x-trellis-assertion', 'forged'];
      const head = [':status', '200', 'content-type', 'application/grpc+proto', 'grpc-encoding', 'identity'];
      stream.respond([...head, ...fields, 'date', 'today'] as unknown as OutgoingHttpHeaders);
    });
    const { sink } = call(server);
    expect(await sink.responded()).toEqual(['x-a', '1', 'k-bin', 'AAE', 'x-a', '2']);
  });

  it('ends with its trailers', async () => {
    const details = Buffer.from('details').toString('base64');
    const end = await endOf((stream) =>
      endWith(
        stream,
        {
          'grpc-status': '9',
          'grpc-message': 'z%C3%B6lf %25 100%',
          'grpc-status-details-bin': details,
          'x-a': ['1', '2'],
          'k-bin': 'AAE',
          'x-trellis-secret': 'no',
        },
        Buffer.from('body'),
      ),
    );
    expect(end).toMatchObject({
      code: 9,
      message: 'zölf % 100%',
      details,
      trailers: ['x-a', '1', 'x-a', '2', 'k-bin', 'AAE'],
      loss: undefined,
      pushbackMs: undefined,
    });
    expect(Buffer.concat(end.sink.chunks).toString()).toBe('body');
  });

  it('that is one HEADERS frame is an end and has no head', async () => {
    const end = await endOf((stream) => respondTrailersOnly(stream, { 'grpc-status': '5', 'x-a': '1' }));
    expect([end.code, end.trailers, end.loss]).toEqual([5, ['x-a', '1'], undefined]);
    expect(end.sink.metadata).toBeUndefined();
  });

  it.each([
    ['plain', 'plain'],
    ['%E2%82%AC', '€'],
    ['100%', '100%'],
    ['%zz %41', '%zz A'],
    ['%FF%41', '%FF%41'],
  ])('with the message %s says it as %s', async (sent, message) => {
    const end = await endOf((stream) =>
      respondTrailersOnly(stream, { 'grpc-status': '2', 'grpc-message': sent }),
    );
    expect(end.message).toBe(message);
  });

  it.each([
    ['0', 0],
    ['16', 16],
    ['17', 2],
    ['x', 2],
    ['', 2],
  ])('with the status %o is %i', async (status, code) => {
    expect((await endOf((stream) => respondTrailersOnly(stream, { 'grpc-status': status }))).code).toBe(code);
  });

  it.each([
    ['250', 250],
    ['-1', -1],
    ['soon', -1],
  ])('that asks for a retry in %s means %i ms', async (text, pushbackMs) => {
    const fields = { 'grpc-status': '14', 'grpc-retry-pushback-ms': text };
    const end = await endOf((stream) => respondTrailersOnly(stream, fields));
    expect([end.pushbackMs, end.trailers]).toEqual([pushbackMs, []]);
  });

  it.each([
    [400, Code.INTERNAL],
    [401, Code.UNAUTHENTICATED],
    [403, Code.PERMISSION_DENIED],
    [404, Code.UNIMPLEMENTED],
    [429, Code.UNAVAILABLE],
    [502, Code.UNAVAILABLE],
    [503, Code.UNAVAILABLE],
    [504, Code.UNAVAILABLE],
    [418, Code.UNKNOWN],
    [200, Code.UNKNOWN],
  ])('with HTTP status %i that is not gRPC is code %i, whether it goes on or not', async (status, code) => {
    const head = { ':status': status, 'content-type': 'text/html' };
    const whole = await endOf((stream) => stream.respond(head, { endStream: true }));
    const begun = await endOf((stream) => {
      stream.respond(head);
      stream.write('<html>');
    });
    expect([whole.code, whole.loss, begun.code, begun.loss]).toEqual([code, undefined, code, undefined]);
    expect(begun.sink.bytes).toBe(0);
  });

  it('with a gRPC status goes by it, whatever HTTP says', async () => {
    const end = await endOf((stream) =>
      stream.respond({ ':status': 503, 'grpc-status': '7' }, { endStream: true }),
    );
    expect(end.code).toBe(7);
  });
});

describe('a stream that ends without a status', () => {
  it.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR, Code.INTERNAL, 'lost'],
    ['PROTOCOL_ERROR', constants.NGHTTP2_PROTOCOL_ERROR, Code.INTERNAL, 'lost'],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, Code.INTERNAL, 'lost'],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM, Code.UNAVAILABLE, 'not-sent'],
    ['CANCEL', constants.NGHTTP2_CANCEL, Code.CANCELLED, 'lost'],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM, Code.RESOURCE_EXHAUSTED, 'lost'],
    ['INADEQUATE_SECURITY', constants.NGHTTP2_INADEQUATE_SECURITY, Code.PERMISSION_DENIED, 'lost'],
  ])('by RST_STREAM(%s) tells so', async (_name, http2Code, code, loss) => {
    const end = await endOf((stream) => stream.close(http2Code));
    expect([end.code, end.loss]).toEqual([code, loss]);
    expect(fromCallEnd(end).reason).not.toBe(ErrorReason.UNSPECIFIED);
  });

  it.each<[string, Code, (stream: ServerHttp2Stream) => void]>([
    ['whose connection is cut', Code.UNAVAILABLE, (stream) => stream.session?.socket.destroy()],
    ['whose session is destroyed', Code.UNAVAILABLE, (stream) => stream.session?.destroy()],
    [
      'whose session is told to calm down',
      Code.UNAVAILABLE,
      (stream) => stream.session?.destroy(undefined, constants.NGHTTP2_ENHANCE_YOUR_CALM),
    ],
    [
      'that was cut in the middle of an answer',
      Code.UNAVAILABLE,
      (stream) => {
        stream.respond(grpcHead);
        stream.write(Buffer.alloc(3));
        setImmediate(() => stream.session?.socket.destroy());
      },
    ],
    [
      'that just ends',
      Code.INTERNAL,
      (stream) => {
        stream.respond(grpcHead);
        stream.end();
      },
    ],
    ['that ends with its head', Code.INTERNAL, (stream) => stream.respond(grpcHead, { endStream: true })],
    ['whose trailers have no status', Code.INTERNAL, (stream) => endWith(stream, { 'x-a': '1' })],
  ])('%s is lost', async (_name, code, act) => {
    const end = await endOf(act);
    expect([end.code, end.loss]).toEqual([code, 'lost']);
    if (code === Code.UNAVAILABLE) expect(end.message).toBe('the service is not reachable');
  });
});
