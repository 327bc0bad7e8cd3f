import { describe, expect, it } from 'vitest';
import { closeAfterTest } from '../../services/edge/listener/testing.ts';
import {
  grpcHead,
  respondTrailersOnly,
  serveHttp2,
} from '../../services/edge/upstream/http2-server.testing.ts';
import {
  ask,
  closed,
  envelopes,
  exchange,
  open,
  query,
  startEdge,
  streamQuery,
  valuesOf,
} from './testing.ts';
import { startWholeEdge } from './whole-edge.ts';

const grpc = { method: query, type: 'application/grpc+proto' };
const connect = { method: query, type: 'application/proto' };
const body = ask.subarray(5);

/** The milliseconds that a call's `grpc-timeout` leaves its service. */
async function toldMs(fields: readonly string[], form = grpc, bytes = ask): Promise<number> {
  const edge = await startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '0' }));
  await exchange(edge, { ...form, fields }, bytes);
  const [timeout = ''] = valuesOf((await edge.upstream.next()).fields, 'grpc-timeout');
  expect(timeout).toMatch(/^\d{1,8}m$/);
  return Number.parseInt(timeout, 10);
}

describe('a deadline', () => {
  it.each(['5', '5s', 'S', '-1S', '+1S', '1.5S', '1e3m', '0x5S', '123456789S', '5 S', '5S5', '٥S'])(
    'of gRPC that is not digits and a unit is refused, and nothing is called: %o',
    async (timeout) => {
      const edge = await startEdge();
      const encoded = Buffer.from(timeout).toString('latin1');
      const { fields } = await exchange(edge, { ...grpc, fields: ['grpc-timeout', encoded] }, ask);
      expect([fields[':status'], fields['grpc-status']]).toEqual([200, '3']);
      expect(edge.upstream.streams).toEqual([]);
    },
  );

  it.each(['12345678901', '-1', '1.5', '1e3', '5s', '0x5'])(
    'of Connect that is not digits is refused, and nothing is called: %o',
    async (timeout) => {
      const edge = await startEdge();
      const form = { ...connect, fields: ['connect-timeout-ms', timeout] };
      const whole = await exchange(edge, form, body);
      expect([whole.fields[':status'], JSON.parse(String(whole.body)).code]).toEqual([
        400,
        'invalid_argument',
      ]);
      expect(edge.upstream.streams).toEqual([]);
    },
  );

  it.each(['5s', '-1', '1e3', '1234567', '0.0001'])(
    'of REST that is not seconds is refused, and nothing is called: %o',
    async (timeout) => {
      const upstream = await serveHttp2();
      closeAfterTest(() => upstream.close());
      const { url } = await startWholeEdge([upstream.address]);
      const headers = { 'x-request-timeout': timeout };
      expect((await fetch(`${url}/v1/graphs/g1/schema`, { headers })).status).toBe(400);
      expect(upstream.streams).toEqual([]);
    },
  );

  it('is capped at 600 s', async () => {
    expect(await toldMs(['grpc-timeout', '99999999H'])).toBeLessThanOrEqual(600_000);
    expect(await toldMs(['grpc-timeout', '99999999H'])).toBeGreaterThan(300_000);
    expect(await toldMs(['connect-timeout-ms', '9999999999'], connect, body)).toBeLessThanOrEqual(600_000);
  });

  it('is none for the service where the client says none', async () => {
    const edge = await startEdge((stream) => respondTrailersOnly(stream, { 'grpc-status': '0' }));
    await exchange(edge, grpc, ask);
    expect(valuesOf((await edge.upstream.next()).fields, 'grpc-timeout')).toEqual([]);
  });

  it('is told to the service as what is left of it', async () => {
    for (const value of ['99999999u', '0100000m', '100S', '1M']) {
      const left = await toldMs(['grpc-timeout', value]);
      expect(left).toBeGreaterThan(0);
      expect(left).toBeLessThanOrEqual(100_000);
    }
    const left = await toldMs(['connect-timeout-ms', '100000'], connect, body);
    expect(left).toBeGreaterThan(0);
    expect(left).toBeLessThanOrEqual(100_000);
  });
});

describe('an upstream that never answers', () => {
  it.each([
    ['gRPC', grpc, ['grpc-timeout', '50m'], ask],
    ['gRPC-Web', { ...grpc, type: 'application/grpc-web+proto' }, ['grpc-timeout', '50m'], ask],
    ['Connect', connect, ['connect-timeout-ms', '50'], body],
    [
      'Connect streams',
      { method: streamQuery, type: 'application/connect+proto' },
      ['connect-timeout-ms', '50'],
      ask,
    ],
  ])('is cancelled at the deadline, and the client of %s is told', async (name, form, fields, bytes) => {
    const edge = await startEdge();
    const answered = exchange(edge, { ...form, fields }, bytes);
    const { stream } = await edge.upstream.next();
    stream.resume();
    const whole = await answered;
    expect(await closed(stream)).not.toBe(0);
    const last = String(envelopes(whole.body)[0]?.payload);
    if (name === 'gRPC') expect(whole.fields['grpc-status']).toBe('4');
    else if (name === 'gRPC-Web') expect(last).toContain('grpc-status: 4\r\n');
    else if (name === 'Connect') {
      expect([whole.fields[':status'], JSON.parse(String(whole.body)).code]).toEqual([
        504,
        'deadline_exceeded',
      ]);
    } else expect(JSON.parse(last).error.code).toBe('deadline_exceeded');
  });

  it('is cancelled at the deadline of REST, too', async () => {
    const upstream = await serveHttp2();
    closeAfterTest(() => upstream.close());
    const { url } = await startWholeEdge([upstream.address]);
    const headers = { 'x-request-timeout': '0.05' };
    const answered = fetch(`${url}/v1/graphs/g1/schema`, { headers });
    const { stream } = await upstream.next();
    stream.resume();
    expect((await answered).status).toBe(504);
    expect(await closed(stream)).not.toBe(0);
  });

  it('after it began is cut at the deadline, and the status comes in the trailers', async () => {
    const edge = await startEdge((stream) => {
      stream.respond(grpcHead);
      stream.write(ask);
    });
    const call = open(edge, { ...grpc, method: streamQuery, fields: ['grpc-timeout', '200m'] });
    call.stream.end(ask);
    const { stream } = await edge.upstream.next();
    stream.resume();
    const whole = await call.answer();
    expect(whole.trailers['grpc-status'] ?? whole.fields['grpc-status']).toBe('4');
    expect(await closed(stream)).not.toBe(0);
  });

  it('holds a client that still uploads no longer than the deadline', async () => {
    const edge = await startEdge();
    const call = open(edge, { ...grpc, fields: ['grpc-timeout', '50m'] });
    expect((await call.answer()).fields['grpc-status']).toBe('4');
  });
});
