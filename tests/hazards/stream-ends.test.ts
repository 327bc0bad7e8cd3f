import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { constants } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import {
  FrameClient,
  frameType,
  headerBlock,
  headersFrames,
  frame as http2Frame,
  uint32,
} from '../../services/edge/listener/testing-frames.ts';
import { endWith, grpcHead, respondTrailersOnly } from '../../services/edge/upstream/http2-server.testing.ts';
import { methodPath } from '../../services/mesh/policy/method-policy.ts';
import {
  type Answer,
  closed,
  envelopes,
  importTable,
  open,
  part,
  reflect,
  reply,
  startEdge,
} from './testing.ts';

const protocols = [
  ['gRPC', 'application/grpc+proto'],
  ['gRPC-Web', 'application/grpc-web+proto'],
  ['Connect', 'application/connect+proto'],
] as const;

/** How an answer ended, in gRPC's codes or Connect's names. */
function statusOf({ fields, trailers, body }: Answer): unknown {
  const last = envelopes(body).at(-1);
  if (last?.flags === 0x02) return JSON.parse(String(last.payload)).error?.code ?? 'ok';
  if (last?.flags === 0x80) return /grpc-status: (\d+)/.exec(String(last.payload))?.[1];
  return trailers['grpc-status'] ?? fields['grpc-status'];
}

describe.each(protocols)('over %s', (_name, type) => {
  it('the end of the requests is passed on, and the answer stays open', async () => {
    const edge = await startEdge();
    const call = open(edge, { method: reflect, type });
    call.stream.end(part());
    const { stream } = await edge.upstream.next();
    await once(stream.resume(), 'end');
    const answer = reply(reflect, { validHost: 'later' });
    stream.respond(grpcHead, { waitForTrailers: true });
    stream.write(answer);
    await call.received(answer.length);
    endWith(stream, { 'grpc-status': '0' }, answer);
    const whole = await call.answer();
    const payloads = envelopes(whole.body).map(({ payload }) => payload);
    expect(payloads.slice(0, 2)).toEqual([answer.subarray(5), answer.subarray(5)]);
    expect(['0', 'ok']).toContain(statusOf(whole));
  });

  it('messages go both ways in turn while both sides are open', async () => {
    const edge = await startEdge((stream) => {
      stream.respond(grpcHead, { waitForTrailers: true });
      stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
      stream.pipe(stream);
    });
    const call = open(edge, { method: reflect, type });
    const message = part(10);
    for (let count = 1; count <= 5; count++) {
      call.stream.write(message);
      await call.received(count * message.length);
    }
    call.stream.end();
    expect(['0', 'ok']).toContain(statusOf(await call.answer()));
  });

  it.each(['before', 'after'])(
    'an upstream that ends %s its head delivers its status though the client still sends',
    async (when) => {
      const edge = await startEdge((stream) => {
        const status = { 'grpc-status': '8', 'grpc-message': 'enough' };
        if (when === 'before') respondTrailersOnly(stream, status);
        else endWith(stream, status);
      });
      const call = open(edge, { method: importTable, type });
      call.stream.write(part(100_000));
      const whole = await call.answer();
      expect(['8', 'resource_exhausted']).toContain(statusOf(whole));
      // Told to stop (RFC 9113, section 8.1), which is no error.
      expect(whole.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    },
  );

  it.each([
    ['before the answer', false],
    ['in the middle of the answer', true],
  ])('a client that cancels %s ends the call at the upstream, too', async (_when, isAnswering) => {
    const edge = await startEdge((stream) => {
      if (isAnswering) stream.respond(grpcHead);
    });
    const client = await FrameClient.dial(edge);
    const block = headerBlock({ ':path': methodPath(importTable), 'content-type': type, te: 'trailers' });
    client.send(headersFrames(1, 0, block), http2Frame(frameType.data, 0, 1, part()));
    const { stream } = await edge.upstream.next();
    await once(stream, 'data');
    if (isAnswering) await client.next(frameType.headers, 1);
    client.send(http2Frame(frameType.reset, 0, 1, uint32(constants.NGHTTP2_CANCEL)));
    // Not CANCEL: a service on Node would take that for the end of a whole upload.
    expect(await closed(stream)).toBe(constants.NGHTTP2_INTERNAL_ERROR);
  });

  it('a client that cancels when it has said all cancels the call at the upstream', async () => {
    const edge = await startEdge();
    const call = open(edge, { method: importTable, type });
    call.stream.end(part());
    const { stream } = await edge.upstream.next();
    await once(stream.resume(), 'end');
    call.stream.close(constants.NGHTTP2_CANCEL);
    expect(await closed(stream)).toBe(constants.NGHTTP2_CANCEL);
  });

  it('a client whose connection is gone ends the call at the upstream', async () => {
    const edge = await startEdge();
    const call = open(edge, { method: importTable, type });
    call.stream.write(part());
    const { stream } = await edge.upstream.next();
    await once(stream, 'data');
    edge.session.destroy();
    expect(await closed(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
  });
});

describe('over HTTP/1.1', () => {
  const start = (port: number, type = 'application/grpc-web+proto') => {
    const headers = { 'content-type': type };
    const request = httpRequest({ port, method: 'POST', path: methodPath(importTable), headers });
    closeAfterTest(() => request.destroy());
    request.on('error', () => {});
    return request;
  };

  it('a client that is gone ends the call at the upstream', async () => {
    const edge = await startEdge();
    const request = start(edge.port);
    request.write(part());
    const { stream } = await edge.upstream.next();
    await once(stream, 'data');
    request.destroy();
    expect(await closed(stream)).not.toBe(constants.NGHTTP2_NO_ERROR);
  });

  it('an upstream that ends early delivers its status though the client still sends', async () => {
    const edge = await startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '8' }));
    const request = start(edge.port);
    request.write(part(100_000));
    const [response] = await once(request, 'response');
    let body = '';
    for await (const chunk of response) body += chunk;
    expect(body.slice(5)).toBe('grpc-status: 8\r\n');
  });
});
