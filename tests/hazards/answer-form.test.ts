import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { fromBinary } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { QueryResponseSchema } from '../../gen/trellis/graph/v1/graph_pb.js';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import {
  endHeaders,
  endStream,
  FrameClient,
  frameType,
  headerBlock,
  headersFrames,
  frame as http2Frame,
} from '../../services/edge/listener/testing-frames.ts';
import { endWith, grpcHead, respondTrailersOnly } from '../../services/edge/upstream/http2-server.testing.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import {
  ask,
  decodeText,
  envelopes,
  exchange,
  open,
  query,
  reply,
  startEdge,
  streamQuery,
} from './testing.ts';

const answer = reply(query, { revision: 'r1' });
const trailers = { 'grpc-status': '0', 'x-b': ['2', '3'] };

describe('the head of an answer', () => {
  it.each([
    ['gRPC', 'application/grpc+proto'],
    ['gRPC-Web', 'application/grpc-web+proto'],
    ['gRPC-Web text', 'application/grpc-web-text+proto'],
    ['Connect', 'application/connect+proto'],
    ['Connect JSON', 'application/connect+json'],
  ])('over %s goes out before there is a message', async (_name, type) => {
    const edge = await startEdge((stream) => stream.respond({ ...grpcHead, 'x-a': '1' }));
    const call = open(edge, { method: streamQuery, type });
    const { fields } = await call.head;
    expect(fields).toMatchObject({ ':status': 200, 'content-type': type, 'x-a': '1' });
    expect(call.body).toHaveLength(0);
  });

  it('over HTTP/1.1 goes out before there is a message, too', async () => {
    const edge = await startEdge((stream) => stream.respond({ ...grpcHead, 'x-a': '1' }));
    const headers = { 'content-type': 'application/grpc-web+proto' };
    const path = methodPath(streamQuery);
    const request = httpRequest({ port: edge.port, method: 'POST', path, headers });
    closeAfterTest(() => request.destroy());
    request.on('error', () => {});
    request.end(ask);
    const [response] = await once(request, 'response');
    expect([response.statusCode, response.headers['x-a']]).toEqual([200, '1']);
  });
});

describe('an answer that is nothing but its end', () => {
  it('is one HEADERS frame over gRPC, and nothing else', async () => {
    const edge = await startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '5', 'x-a': '1' }));
    const client = await FrameClient.dial(edge);
    const type = 'application/grpc+proto';
    const block = headerBlock({ ':path': methodPath(query), 'content-type': type, te: 'trailers' });
    client.send(headersFrames(1, 0, block), http2Frame(frameType.data, endStream, 1, ask));
    await client.next(frameType.headers, 1);
    await client.settled();
    expect(client.of(1).map(({ type, flags }) => [type, flags & (endHeaders | endStream)])).toEqual([
      [frameType.headers, endHeaders | endStream],
    ]);
  });

  it('has its status and its metadata in that frame', async () => {
    const edge = await startEdge((stream) =>
      respondTrailersOnly(stream, { 'grpc-status': '5', 'grpc-message': 'no %C3%BC', 'x-a': '1' }),
    );
    const whole = await exchange(edge, { method: query, type: 'application/grpc+proto' }, ask);
    expect(whole).toMatchObject({ isWhole: true, trailers: {}, rstCode: 0 });
    expect(whole.fields).toMatchObject({
      ':status': 200,
      'content-type': 'application/grpc+proto',
      'grpc-status': '5',
      'grpc-message': 'no %C3%BC',
      'x-a': '1',
    });
  });
});

describe('the trailers of an answer', () => {
  it('over gRPC are trailers', async () => {
    const edge = await startEdge((stream) => endWith(stream, trailers, answer));
    const whole = await exchange(edge, { method: query, type: 'application/grpc+proto' }, ask);
    expect(whole.body).toEqual(answer);
    expect(whole.trailers).toMatchObject({ 'grpc-status': '0', 'x-b': '2, 3' });
  });

  it.each([
    ['as bytes', 'application/grpc-web+proto', (body: Buffer) => body],
    ['as text', 'application/grpc-web-text+proto', decodeText],
  ])(
    'over gRPC-Web %s are a last message with the flag 0x80, lower case, CRLF',
    async (_name, type, decode) => {
      const edge = await startEdge((stream) => endWith(stream, trailers, answer));
      const body = type.includes('text') ? Buffer.from(ask.toString('base64')) : ask;
      const whole = await exchange(edge, { method: query, type }, body);
      const [message, last, ...more] = envelopes(decode(whole.body));
      expect([message?.flags, last?.flags, more]).toEqual([0, 0x80, []]);
      expect(last?.payload.toString('latin1')).toBe('grpc-status: 0\r\nx-b: 2\r\nx-b: 3\r\n');
      expect(whole.trailers).toEqual({});
    },
  );

  it('over Connect are header fields with a prefix where the method has one answer', async () => {
    const edge = await startEdge((stream) => endWith(stream, trailers, answer));
    const whole = await exchange(edge, { method: query, type: 'application/proto' }, ask.subarray(5));
    expect(whole.fields).toMatchObject({ ':status': 200, 'trailer-x-b': '2, 3' });
    expect(whole.fields).not.toHaveProperty('x-b');
    expect(fromBinary(QueryResponseSchema, whole.body).revision).toBe('r1');
  });

  it.each(['proto', 'json'])('over Connect streams of %s are a last message in JSON', async (codec) => {
    const message = reply(streamQuery, { done: { rowCount: 1 } });
    const edge = await startEdge((stream) => endWith(stream, trailers, message));
    const form = { method: streamQuery, type: `application/connect+${codec}` };
    const body = codec === 'json' ? Buffer.from('\0\0\0\0\x02{}') : ask;
    const whole = await exchange(edge, form, body);
    const [first, last, ...more] = envelopes(whole.body);
    expect([first?.flags, last?.flags, more]).toEqual([0, 0x02, []]);
    expect(JSON.parse(String(last?.payload))).toEqual({ metadata: { 'x-b': ['2', '3'] } });
    if (codec === 'json') expect(JSON.parse(String(first?.payload))).toEqual({ done: { rowCount: 1 } });
    else expect(first?.payload).toEqual(message.subarray(5));
  });

  it('over Connect streams say what went wrong, in JSON', async () => {
    const edge = await startEdge((stream) =>
      respondTrailersOnly(stream, { 'grpc-status': '5', 'grpc-message': 'no %C3%BC', 'x-a': '1' }),
    );
    const whole = await exchange(edge, { method: streamQuery, type: 'application/connect+proto' }, ask);
    const [last] = envelopes(whole.body);
    expect([whole.fields[':status'], last?.flags]).toEqual([200, 0x02]);
    expect(JSON.parse(String(last?.payload))).toEqual({
      error: { code: 'not_found', message: 'no ü' },
      metadata: { 'x-a': ['1'] },
    });
  });
});
