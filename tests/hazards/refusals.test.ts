import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import { respondTrailersOnly } from '../../services/edge/upstream/http2-server.testing.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import {
  ask,
  type CallForm,
  dial,
  type Edge,
  exchange,
  execute,
  importTable,
  part,
  query,
  reflect,
  startEdge,
  streamQuery,
} from './testing.ts';
import { startWholeEdge } from './whole-edge.ts';

const grpc = 'application/grpc+proto';
const messageBytesMax = 100_000;

const start = () =>
  startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '0' }), messageBytesMax);

/** Asks over HTTP/1.1. */
async function ask1(edge: Pick<Edge, 'port'>, method: string, path: string, type?: string, body?: Buffer) {
  const headers = type === undefined ? {} : { 'content-type': type };
  const request = httpRequest({ port: edge.port, method, path, headers });
  closeAfterTest(() => request.destroy());
  request.end(body);
  const [response] = await once(request, 'response');
  response.resume();
  return { status: response.statusCode, headers: response.headers };
}

/** An address where nobody listens. */
async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return `127.0.0.1:${typeof address === 'object' ? address?.port : ''}`;
}

describe('a gRPC client is never told a bare HTTP status', () => {
  const tooLong = Buffer.alloc(5);
  tooLong.writeUInt32BE(messageBytesMax + 1, 1);

  it.each<[string, string, Partial<CallForm>, Buffer]>([
    ['for a message beyond the limit', '8', {}, tooLong],
    ['for a message with flags that are not gRPC’s', '3', {}, Buffer.from([0x80, 0, 0, 0, 0])],
    ['for a compressed message of no known compression', '13', {}, Buffer.from([1, 0, 0, 0, 0])],
    ['for a compression that is not known', '12', { fields: ['grpc-encoding', 'snappy'] }, ask],
    ['for a deadline that is none', '3', { fields: ['grpc-timeout', 'soon'] }, ask],
    ['for no message where there must be one', '12', {}, Buffer.alloc(0)],
    ['for two messages where there must be one', '12', {}, Buffer.concat([ask, ask])],
    ['for half a message', '3', {}, ask.subarray(0, 7)],
    ['for headers beyond 16 KiB', '8', { fields: ['x-a', 'a'.repeat(20_000)] }, ask],
    ['for JSON that is none', '3', { type: 'application/grpc+json' }, Buffer.from('\0\0\0\0\x01{')],
  ])('%s', async (_name, status, form, body) => {
    const edge = await start();
    const whole = await exchange(edge, { method: query, type: grpc, ...form }, body);
    expect(whole.fields[':status']).toBe(200);
    expect(whole.fields['content-type']).toBe(form.type ?? grpc);
    expect(whole.fields['grpc-status'] ?? whole.trailers['grpc-status']).toBe(status);
  });

  it('for a method that does not exist', async () => {
    const edge = await start();
    const head = { ':method': 'POST', ':path': '/x.Y/Z', 'content-type': grpc, te: 'trailers' };
    const [fields] = await once(edge.session.request(head).resume(), 'response');
    expect(fields).toMatchObject({ ':status': 200, 'content-type': grpc, 'grpc-status': '12' });
  });

  it('for a service that is not there', async () => {
    const edge = await startWholeEdge([await freeAddress()]);
    const whole = await exchange({ session: dial(edge.port) }, { method: execute, type: grpc }, ask);
    expect(whole.fields).toMatchObject({ ':status': 200, 'content-type': grpc, 'grpc-status': '14' });
  });

  it.each([401, 404, 429, 502, 503])('for an upstream that answers %i', async (status) => {
    const edge = await startEdge((stream) => stream.respond({ ':status': status }, { endStream: true }));
    const { fields } = await exchange(edge, { method: query, type: grpc }, ask);
    expect(fields).toMatchObject({ ':status': 200, 'content-type': grpc });
    expect(fields['grpc-status']).toMatch(/^(16|12|14)$/);
  });
});

describe('HTTP/1.1 is refused with 505', () => {
  it.each([
    ['for gRPC, whose trailers it has not', query, grpc],
    ['for streams both ways over Connect', reflect, 'application/connect+proto'],
    ['for streams both ways over gRPC-Web', reflect, 'application/grpc-web+proto'],
  ])('%s', async (_name, method, type) => {
    expect((await ask1(await start(), 'POST', methodPath(method), type, ask)).status).toBe(505);
  });

  it.each([
    [streamQuery, 'application/connect+proto', ask],
    [importTable, 'application/connect+proto', part()],
    [importTable, 'application/grpc-web+proto', part()],
  ])('but not for a stream one way: $name', async (method, type, body) => {
    expect((await ask1(await start(), 'POST', methodPath(method), type, body)).status).toBe(200);
  });
});

describe('a content type that is not known is refused with 415 and those that are', () => {
  const common = [
    ...['application/grpc', 'application/grpc+proto', 'application/grpc+json'],
    ...['application/grpc-web', 'application/grpc-web+proto', 'application/grpc-web+json'],
    ...['application/grpc-web-text', 'application/grpc-web-text+proto'],
  ];
  const unary = [...common, 'application/proto', 'application/json'];
  const streams = [...common, 'application/connect+proto', 'application/connect+json'];

  it.each([
    ['text/plain', query, unary],
    [undefined, query, unary],
    ['application/grpc+thrift', query, unary],
    ['application/connect+proto', query, unary],
    ['application/json', streamQuery, streams],
    ['application/proto', importTable, streams],
  ])('%s', async (type, method, accepted) => {
    const edge = await start();
    const { status, headers } = await ask1(edge, 'POST', methodPath(method), type, ask);
    expect([status, String(headers['accept-post']).split(', ')]).toEqual([415, accepted]);
    expect(edge.upstream.streams).toEqual([]);
  });
});

describe('an HTTP method that an RPC cannot be called by is refused with 405 and those that can', () => {
  it.each([
    ['GET', execute, 'POST'],
    ['GET', streamQuery, 'POST'],
    ['HEAD', execute, 'POST'],
    ['PUT', query, 'GET, POST'],
    ['DELETE', importTable, 'POST'],
  ])('%s', async (method, rpc, allow) => {
    const edge = await start();
    const { status, headers } = await ask1(edge, method, methodPath(rpc));
    expect([status, headers.allow]).toEqual([405, allow]);
    expect(edge.upstream.streams).toEqual([]);
  });
});
