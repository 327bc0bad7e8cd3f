import { brotliCompressSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib';
import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { CatalogService, ListGraphsResponseSchema } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { GraphService, QueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import { only } from '../../mesh/rpc/service.ts';
import type { Forward } from '../inbound-call.ts';
import { startRestServer, type TestServer } from './testing.ts';

const services = [CatalogService, GraphService, PlacementService];
const json = { 'content-type': 'application/json' };
const query = { method: 'POST', path: '/v1/graphs/kg_1/query', headers: json };

let server: TestServer;
let received: { method: string; request: Message } | undefined;

afterEach(async () => {
  received = undefined;
  await server.close();
});

/** Answers every call with a default response of its method, after reading the request. */
const echo: Forward = async function* (method, requests) {
  received = { method: method.name, request: await only(requests) };
  yield create(method.output);
};

function answering(message: Message): Forward {
  return async function* (_method, requests) {
    await only(requests);
    yield message;
  };
}

function failing(error: unknown): Forward {
  return () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) });
}

describe.each(['http1', 'http2'] as const)('REST over %s', (protocol) => {
  const start = async (forward: Forward, bodyBytesMax?: number) => {
    server = await startRestServer(protocol, {
      services,
      forward,
      ...(bodyBytesMax ? { bodyBytesMax } : {}),
    });
  };

  it('answers a unary call with all of its fields, the request id and the headers of the data path', async () => {
    await start(
      answering(create(QueryResponseSchema, { columns: [{ name: 'n', type: 'INT64' }], rowCount: 0 })),
    );
    const answer = await server.send({ ...query, body: '{"statement":"RETURN 1"}' });
    expect(answer.status).toBe(200);
    expect(answer.json()).toEqual({
      columns: [{ name: 'n', type: 'INT64' }],
      rows: [],
      rowCount: 0,
      elapsedMs: 0,
      revision: '',
      truncated: false,
    });
    expect(answer.headers).toMatchObject({
      'content-type': 'application/json',
      'x-request-id': 'req_1',
      ratelimit: '"graph_query";r=9;t=6',
      'cache-control': 'no-store',
    });
    expect(server.outcomes).toMatchObject([{ method: { name: 'Query' }, status: 200, error: undefined }]);
  });

  it('makes the request of path, body and query', async () => {
    await start(echo);
    await server.send({
      ...query,
      path: '/v1/graphs/a%2Fb/query',
      body: '{"statement":"x","parameters":{"id":1}}',
    });
    expect(received).toMatchObject({
      method: 'Query',
      request: {
        graphId: 'a/b',
        statement: 'x',
        parameters: { id: { kind: { case: 'int64Value', value: 1n } } },
      },
    });
    await server.send({ method: 'GET', path: '/v1/graphs?pageSize=7&page_token=t' });
    expect(received).toMatchObject({ method: 'ListGraphs', request: { pageSize: 7, pageToken: 't' } });
    await server.send({ method: 'DELETE', path: '/v1/graphs/kg_1', headers: json, body: '{}' });
    expect(received).toMatchObject({ method: 'DeleteGraph', request: { graphId: 'kg_1' } });
    await server.send({ ...query, path: '/v1/graphs', headers: {}, body: '' });
    expect(received).toMatchObject({ method: 'CreateGraph', request: { displayName: '' } });
    await server.send({ ...query, body: '{"graphId":"kg_1"}' });
    expect(received).toMatchObject({ method: 'Query', request: { graphId: 'kg_1' } });
  });

  it.each([
    ['an unknown field', query, '{"statment":"x"}', 400, 'MALFORMED_BODY', 'unknown field "statment"'],
    ['broken JSON', query, '{"statement"', 400, 'MALFORMED_BODY', '":" is expected (line 1, column 13)'],
    [
      'a body that contradicts the path',
      query,
      '{"graphId":"kg_2"}',
      400,
      'INVALID_REQUEST',
      'graph_id: is given by the path, and otherwise by the body',
    ],
    [
      'a bad parameter',
      query,
      '{"parameters":{"d":{"$type":"DATE","value":"x"}}}',
      400,
      'INVALID_REQUEST',
      'parameters.d.value: must be a date such as "2020-01-02"',
    ],
    [
      'a query parameter beside a whole body',
      { ...query, path: `${query.path}?statement=x` },
      '{}',
      400,
      'INVALID_REQUEST',
      'statement: there is no query parameter "statement"',
    ],
    [
      'an unknown query parameter',
      { method: 'GET', path: '/v1/graphs?size=1' },
      '',
      400,
      'INVALID_REQUEST',
      'size: there is no query parameter "size"',
    ],
    [
      'a body where none belongs',
      { method: 'DELETE', path: '/v1/graphs/kg_1', headers: json },
      '{"a":1}',
      400,
      'MALFORMED_BODY',
      'this method takes no body',
    ],
    [
      'another content type',
      { ...query, headers: { 'content-type': 'text/plain' } },
      '{}',
      415,
      'MALFORMED_BODY',
      'the Content-Type must be application/json; "text/plain" came',
    ],
    [
      'another charset',
      { ...query, headers: { 'content-type': 'application/json; charset=latin1' } },
      '{}',
      415,
      'MALFORMED_BODY',
      'the Content-Type must be application/json; "application/json; charset=latin1" came',
    ],
    [
      'a client that takes no JSON',
      { ...query, headers: { ...json, accept: 'text/csv, application/*;q=0' } },
      '{}',
      406,
      'INVALID_REQUEST',
      'Accept leaves out what the answer can be: application/json',
    ],
    [
      'a client that takes no form of a stream',
      { ...query, path: `${query.path}/stream`, headers: { ...json, accept: 'application/json' } },
      '{}',
      406,
      'INVALID_REQUEST',
      'Accept leaves out what the answer can be: application/x-ndjson, text/event-stream',
    ],
    [
      'an unknown encoding',
      { ...query, headers: { ...json, 'content-encoding': 'compress' } },
      '{}',
      415,
      'MALFORMED_BODY',
      'the Content-Encoding "compress" is not one of gzip, deflate, br, zstd',
    ],
    [
      'a broken encoding',
      { ...query, headers: { ...json, 'content-encoding': 'gzip' } },
      '{}',
      400,
      'MALFORMED_BODY',
      'the body is not gzip',
    ],
    [
      'a broken path',
      { method: 'GET', path: '/v1/graphs/%zz' },
      '',
      400,
      'INVALID_REQUEST',
      'the path is not percent-encoded UTF-8',
    ],
    [
      'an unknown path',
      { method: 'GET', path: '/v1/grphs' },
      '',
      404,
      'METHOD_NOT_FOUND',
      'there is nothing at this path',
    ],
    [
      'a wrong HTTP method',
      { method: 'PUT', path: '/v1/graphs' },
      '',
      405,
      'METHOD_NOT_FOUND',
      'PUT is not possible here; use GET, HEAD, OPTIONS, POST',
    ],
  ])('refuses %s', async (_what, request, body, status, reason, message) => {
    await start(echo);
    const answer = await server.send({ ...request, body });
    expect(answer.status).toBe(status);
    expect(answer.json()).toMatchObject({ error: { code: status, reason, message, requestId: 'req_1' } });
    expect(answer.headers['x-request-id']).toBe('req_1');
    if (status === 405) expect(answer.headers.allow).toBe('GET, HEAD, OPTIONS, POST');
    if (status === 415 && !message.includes('Encoding'))
      expect(answer.headers['accept-post']).toBe('application/json');
    expect(server.outcomes).toMatchObject([
      { status, error: { reason: ErrorReason[reason as keyof typeof ErrorReason] } },
    ]);
    expect(received).toBeUndefined();
  });

  it.each([
    ['gzip', gzipSync],
    ['deflate', deflateSync],
    ['br', brotliCompressSync],
    ['zstd', zstdCompressSync],
  ])('inflates %s and counts its inflated bytes', async (encoding, deflate) => {
    await start(echo, 1000);
    const headers = { ...json, 'content-encoding': encoding };
    const body = (length: number) => deflate(Buffer.from(JSON.stringify({ statement: 'x'.repeat(length) })));
    expect((await server.send({ ...query, headers, body: body(900) })).status).toBe(200);
    const answer = await server.send({ ...query, headers, body: body(1_000_000) });
    expect(answer.status).toBe(413);
    expect(answer.json()).toMatchObject({
      error: {
        status: 'RESOURCE_EXHAUSTED',
        reason: 'MESSAGE_TOO_LARGE',
        details: [{ metadata: { limit_bytes: '1000' } }, {}],
      },
    });
  });

  it.each([true, false])('refuses a body beyond the limit, its length declared: %s', async (isDeclared) => {
    await start(echo, 1000);
    const body = JSON.stringify({ statement: 'x'.repeat(500_000) });
    const headers = { ...json, ...(isDeclared ? { 'content-length': `${body.length}` } : {}) };
    expect((await server.send({ ...query, headers, body })).status).toBe(413);
    expect((await server.send({ ...query, body: '{}' })).status).toBe(200);
  });

  it('says of a denied limit when to come back, and of what', async () => {
    const error = rpcError(ErrorReason.RATE_LIMITED, 'too many queries', {
      retryAfterMs: 1200,
      quota: { subject: 'GRAPH_QUERY', description: '60 a minute' },
      metadata: { category: 'GRAPH_QUERY' },
    });
    await start(failing(error));
    const answer = await server.send({ ...query, body: '{}' });
    expect(answer.status).toBe(429);
    expect(answer.headers).toMatchObject({ 'retry-after': '2', ratelimit: '"graph_query";r=9;t=6' });
    expect(answer.json()).toEqual({
      error: {
        code: 429,
        status: 'RESOURCE_EXHAUSTED',
        reason: 'RATE_LIMITED',
        message: 'too many queries',
        requestId: 'req_1',
        details: [
          {
            '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
            reason: 'RATE_LIMITED',
            domain: 'trellis',
            metadata: { category: 'GRAPH_QUERY' },
          },
          { '@type': 'type.googleapis.com/google.rpc.RequestInfo', requestId: 'req_1' },
          {
            '@type': 'type.googleapis.com/google.rpc.QuotaFailure',
            violations: [{ subject: 'GRAPH_QUERY', description: '60 a minute' }],
          },
          { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '1.200s' },
        ],
      },
    });
  });

  it('challenges a caller without credential', async () => {
    await start(failing(rpcError(ErrorReason.CREDENTIAL_MISSING, 'this method needs a credential')));
    const answer = await server.send({ ...query, body: '{}' });
    expect([answer.status, answer.headers['www-authenticate']]).toEqual([401, 'Bearer']);
  });

  it('tells nothing of what went wrong inside', async () => {
    await start(failing(new Error('/secret/path')));
    const answer = await server.send({ ...query, body: '{}' });
    expect(answer.status).toBe(500);
    expect(answer.body.toString()).not.toContain('secret');
    expect(server.outcomes[0]?.error?.cause).toMatchObject({ message: '/secret/path' });
  });

  it('reports what was wrong with the request where the call failed because of it', async () => {
    await start(async function* (_method, requests) {
      await only(requests).catch(() => {
        throw new RpcError(1, ErrorReason.CANCELLED, 'the upstream call was cancelled');
      });
      yield create(QueryResponseSchema);
    });
    const answer = await server.send({ ...query, headers: { 'content-type': 'text/csv' }, body: '{}' });
    expect(answer.status).toBe(415);
  });

  it('answers before a body that nobody reads has come, and goes on with the next request', async () => {
    await start(failing(rpcError(ErrorReason.CREDENTIAL_INVALID, 'unknown key')));
    const body = Buffer.alloc(2_000_000, 'x');
    expect((await server.send({ ...query, body })).status).toBe(401);
    expect((await server.send({ ...query, body: '{}' })).status).toBe(401);
  });

  it('answers OPTIONS with what the path takes, and HEAD with the headers of GET', async () => {
    await start(answering(create(ListGraphsResponseSchema, { nextPageToken: 't' })));
    const options = await server.send({ method: 'OPTIONS', path: '/v1/graphs' });
    expect([options.status, options.headers.allow]).toEqual([204, 'GET, HEAD, OPTIONS, POST']);
    const head = await server.send({ method: 'HEAD', path: '/v1/graphs' });
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '33', 0]);
  });

  it('does not know methods of the mesh', async () => {
    await start(echo);
    const answer = await server.send({
      ...query,
      path: '/trellis.graph.v1.PlacementService/ResolvePlacement',
      body: '{}',
    });
    expect(answer.status).toBe(404);
  });

  it.each([0, 2])('answers INTERNAL where %i messages came for a unary call', async (count) => {
    await start(async function* () {
      for (let sent = 0; sent < count; sent += 1) yield create(QueryResponseSchema);
    });
    expect((await server.send({ ...query, body: '{}' })).status).toBe(500);
  });

  it.each([true, false])(
    'takes no body that breaks off for a whole one, asked for early: %s',
    async (isEarly) => {
      const came = Promise.withResolvers<AbortSignal>();
      const read = Promise.withResolvers<unknown>();
      await start(async function* (_method, requests, { signal }) {
        came.resolve(signal);
        const gone = new Promise((resolve) => signal.addEventListener('abort', resolve));
        if (!isEarly) await gone;
        const request = only(requests);
        request.then(read.resolve, read.resolve);
        yield await request;
      });
      const { upload, answer, abort } = server.open({
        ...query,
        headers: { ...json, 'content-length': '1000' },
      });
      upload.on('error', () => {});
      answer.catch(() => {});
      upload.write('{"statement":"DELETE everything"}');
      await came.promise;
      abort();
      expect(await read.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
    },
  );

  it('ends quietly where the client went away before the answer', async () => {
    const called = Promise.withResolvers<void>();
    await start(async function* (_method, requests, call) {
      await only(requests);
      called.resolve();
      await new Promise((resolve) => call.signal.addEventListener('abort', resolve));
      yield create(QueryResponseSchema);
    });
    const ended = server.ended();
    const { upload, answer, abort } = server.open(query);
    upload.on('error', () => {});
    answer.catch(() => {});
    upload.end('{}');
    await called.promise;
    abort();
    expect(await ended).toMatchObject({ method: { name: 'Query' } });
  });

  it('answers with an error that came before there was a call', async () => {
    await start(echo);
    const error = rpcError(ErrorReason.INVALID_REQUEST, 'X-Request-Timeout is not a duration');
    server.failNext(error);
    const answer = await server.send({ ...query, body: '{}' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({ error: { message: error.message, requestId: 'req_1' } });
  });
});
