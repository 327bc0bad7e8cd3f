import { gzipSync } from 'node:zlib';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { QueryRequestSchema } from '../../gen/trellis/graph/v1/graph_pb.js';
import { endWith, respondTrailersOnly } from '../../services/edge/upstream/http2-server.testing.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import { ask, envelopes, execute, query, reply, startEdge, streamQuery } from './testing.ts';
import { startWholeEdge } from './whole-edge.ts';

const origin = 'https://app.example';
const payload = ask.subarray(5);
const answer = reply(query, { revision: 'r1' });

/** A service that keeps what it was asked. */
async function serve() {
  const chunks: Buffer[] = [];
  const edge = await startEdge((stream) => {
    stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    stream.on('end', () => endWith(stream, { 'grpc-status': '0' }, answer));
  });
  const asked = () =>
    envelopes(Buffer.concat(chunks)).map((envelope) => fromBinary(QueryRequestSchema, envelope.payload));
  return { edge, asked };
}

const exposed = (response: Response) => response.headers.get('access-control-expose-headers')?.split(', ');

describe('a browser may ask before it calls', () => {
  const headers = {
    origin,
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,connect-protocol-version,x-mine',
  };

  it.each([methodPath(query), methodPath(execute), '/v1/graphs/g1/query', '/v1/nothing'])(
    '%s',
    async (path) => {
      const edge = await startWholeEdge([]);
      const response = await fetch(`${edge.url}${path}`, { method: 'OPTIONS', headers });
      expect(response.status).toBe(204);
      expect(Object.fromEntries(response.headers)).toMatchObject({
        'access-control-allow-origin': '*',
        'access-control-allow-methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
        'access-control-allow-headers': 'authorization,connect-protocol-version,x-mine',
        'access-control-max-age': '7200',
        vary: 'access-control-request-method, access-control-request-headers',
      });
    },
  );
});

describe('a page of another origin may read', () => {
  const fields = [
    ...['grpc-status', 'grpc-message', 'grpc-status-details-bin', 'x-request-id', 'retry-after', 'ratelimit'],
  ];

  it.each([
    ['an answer of gRPC-Web', 'application/grpc-web+proto', ask, 200],
    ['an answer of Connect', 'application/proto', payload, 200],
    ['a refusal', 'text/plain', payload, 415],
  ])('%s, and what its headers say', async (_name, type, body, status) => {
    const { edge } = await serve();
    const headers = { origin, 'content-type': type };
    const response = await fetch(`${edge.url}${methodPath(query)}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    expect([response.status, response.headers.get('access-control-allow-origin')]).toEqual([status, '*']);
    expect(exposed(response)).toEqual(expect.arrayContaining(fields));
  });

  it('why a call failed, over gRPC-Web that is nothing but its end', async () => {
    const edge = await startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '5' }));
    const headers = { origin, 'content-type': 'application/grpc-web+proto' };
    const url = `${edge.url}${methodPath(query)}`;
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(ask) });
    const [last] = envelopes(Buffer.from(await response.arrayBuffer()));
    expect([last?.flags, String(last?.payload)]).toEqual([0x80, 'grpc-status: 5\r\n']);
    expect(exposed(response)).toEqual(expect.arrayContaining(fields));
  });

  it('nothing where there is no other origin', async () => {
    const { edge } = await serve();
    const headers = { 'content-type': 'application/proto' };
    const url = `${edge.url}${methodPath(query)}`;
    const response = await fetch(url, { method: 'POST', headers, body: new Uint8Array(payload) });
    await response.arrayBuffer();
    expect(response.headers.get('access-control-allow-origin')).toBeNull();
  });
});

describe('a call without side effects may come by GET', () => {
  const json = JSON.stringify({ graphId: 'g1', statement: 'RETURN 1' });
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64url');

  it.each([
    ['in JSON', { encoding: 'json', message: json, connect: 'v1' }],
    ['in JSON as base64', { encoding: 'json', message: base64(Buffer.from(json)), base64: '1' }],
    ['as protobuf', { encoding: 'proto', message: base64(payload), base64: '1', connect: 'v1' }],
    [
      'as padded base64 of what is compressed',
      {
        encoding: 'proto',
        message: gzipSync(payload).toString('base64'),
        base64: '1',
        compression: 'gzip',
      },
    ],
  ])('%s', async (_name, parameters) => {
    const { edge, asked } = await serve();
    const url = `${edge.url}${methodPath(query)}?${new URLSearchParams(parameters)}`;
    const response = await fetch(url);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe(`application/${parameters.encoding}`);
    const body = Buffer.from(await response.arrayBuffer());
    if (parameters.encoding === 'json') expect(JSON.parse(String(body))).toEqual({ revision: 'r1' });
    else expect(body).toEqual(answer.subarray(5));
    expect(asked()).toMatchObject([{ graphId: 'g1', statement: 'RETURN 1' }]);
  });

  it.each([
    ['', 'encoding'],
    ['?encoding=xml&message=', 'encoding'],
    ['?encoding=json', 'message'],
    ['?encoding=json&message={}&connect=v2', 'connect'],
  ])('but not as %o', async (parameters, field) => {
    const { edge } = await serve();
    const response = await fetch(`${edge.url}${methodPath(query)}${parameters}`);
    expect(response.status).toBe(400);
    const { code, message } = (await response.json()) as { code: string; message: string };
    expect([code, message.includes(`parameter ${field} `)]).toEqual(['invalid_argument', true]);
    expect(edge.upstream.streams).toHaveLength(0);
  });

  it.each([execute, streamQuery])('and no other: $name', async (method) => {
    const { edge } = await serve();
    const response = await fetch(`${edge.url}${methodPath(method)}?encoding=json&message={}`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
