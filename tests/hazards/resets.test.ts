import { once } from 'node:events';
import { constants, type ServerHttp2Stream } from 'node:http2';
import { describe, expect, it } from 'vitest';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import {
  endWith,
  grpcHead,
  respondTrailersOnly,
  serveHttp2,
} from '../../services/edge/upstream/http2-server.testing.ts';
import { ask, dial, exchange, execute, open, query, startEdge } from './testing.ts';
import { startWholeEdge } from './whole-edge.ts';

const grpc = 'application/grpc+proto';

/** Resets a stream in the middle of its answer: by itself, Node would end the answer first. */
function breakOff(stream: ServerHttp2Stream, code: number): void {
  stream._final = (done) => done();
  stream.close(code);
}

describe('an upstream that resets a call with', () => {
  it.each([
    ['NO_ERROR', constants.NGHTTP2_NO_ERROR, '13', 500],
    ['PROTOCOL_ERROR', constants.NGHTTP2_PROTOCOL_ERROR, '13', 500],
    ['INTERNAL_ERROR', constants.NGHTTP2_INTERNAL_ERROR, '13', 500],
    ['REFUSED_STREAM', constants.NGHTTP2_REFUSED_STREAM, '14', 503],
    ['CANCEL', constants.NGHTTP2_CANCEL, '1', 499],
    ['ENHANCE_YOUR_CALM', constants.NGHTTP2_ENHANCE_YOUR_CALM, '8', 429],
    ['INADEQUATE_SECURITY', constants.NGHTTP2_INADEQUATE_SECURITY, '7', 403],
  ])('%s is told to its client as a status', async (_name, code, status, httpStatus) => {
    const edge = await startEdge((stream) => stream.close(code));
    const whole = await exchange(edge, { method: query, type: grpc }, ask);
    expect([whole.isWhole, whole.fields['grpc-status'], whole.rstCode]).toEqual([true, status, 0]);
    const connect = await exchange(edge, { method: query, type: 'application/proto' }, ask.subarray(5));
    expect(connect.fields[':status']).toBe(httpStatus);
  });

  it('CANCEL in the middle of its answer is told in the trailers', async () => {
    const edge = await startEdge((stream) => {
      stream.respond(grpcHead);
      stream.write(ask, () => breakOff(stream, constants.NGHTTP2_CANCEL));
    });
    const whole = await exchange(edge, { method: query, type: grpc }, ask);
    expect([whole.body, whole.trailers['grpc-status'], whole.rstCode]).toEqual([ask, '1', 0]);
  });
});

describe('a call that its service refused unseen', () => {
  const refuse = (stream: ServerHttp2Stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM);
  const serve = async (onStream: (stream: ServerHttp2Stream) => void) => {
    const server = await serveHttp2(onStream);
    closeAfterTest(() => server.close());
    return server;
  };

  it.each([query, execute])('is made again elsewhere, though it may write: $name', async (method) => {
    const busy = await serve(refuse);
    const free = await serve((stream) => respondTrailersOnly(stream, { 'grpc-status': '0' }));
    const edge = await startWholeEdge([busy.address, free.address]);
    const whole = await exchange({ session: dial(edge.port) }, { method, type: grpc }, ask);
    expect(whole.fields['grpc-status']).toBe('0');
    expect([busy.streams.length, free.streams.length]).toEqual([1, 1]);
  });

  it('is given up where all refuse it', async () => {
    const busy = await serve(refuse);
    const edge = await startWholeEdge([busy.address]);
    const whole = await exchange({ session: dial(edge.port) }, { method: execute, type: grpc }, ask);
    expect(whole.fields['grpc-status']).toBe('14');
    expect(busy.streams).toHaveLength(3);
  });

  it('is not made again once its answer began', async () => {
    const server = await serve((stream) => {
      stream.respond(grpcHead);
      stream.write(ask, () => breakOff(stream, constants.NGHTTP2_REFUSED_STREAM));
    });
    const edge = await startWholeEdge([server.address]);
    const whole = await exchange({ session: dial(edge.port) }, { method: query, type: grpc }, ask);
    expect(whole.trailers['grpc-status']).toBe('14');
    expect(server.streams).toHaveLength(1);
  });
});

it('an upstream that goes away finishes the calls it has; new ones go over a new connection', async () => {
  const edge = await startEdge();
  const old = open(edge, { method: query, type: grpc });
  old.stream.end(ask);
  const { stream } = await edge.upstream.next();
  const [session] = edge.upstream.sessions;
  session?.goaway(constants.NGHTTP2_NO_ERROR, stream.id);
  // GOAWAY is there before the answer to a PING that was sent after it.
  await new Promise((resolve) => session?.ping(resolve));
  const young = open(edge, { method: query, type: grpc });
  young.stream.end(ask);
  const { stream: next } = await edge.upstream.next();
  expect(next.session).not.toBe(session);
  for (const one of [next, stream]) endWith(one, { 'grpc-status': '0' }, ask);
  for (const call of [young, old]) expect((await call.answer()).trailers['grpc-status']).toBe('0');
});

it('an edge that drains takes no new calls, and lets those under way finish', async () => {
  const edge = await startEdge();
  const call = open(edge, { method: query, type: grpc });
  const { stream } = await edge.upstream.next();
  const gone = once(edge.session, 'goaway');
  const closing = edge.close();
  await gone;
  endWith(stream, { 'grpc-status': '0' }, ask);
  expect((await call.answer()).trailers['grpc-status']).toBe('0');
  await closing;
});
