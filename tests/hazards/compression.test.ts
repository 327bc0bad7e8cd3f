import type { ServerHttp2Stream } from 'node:http2';
import {
  brotliCompressSync,
  brotliDecompressSync,
  deflateSync,
  gunzipSync,
  gzipSync,
  inflateSync,
  zstdCompressSync,
  zstdDecompressSync,
} from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { endWith } from '../../services/edge/upstream/http2-server.testing.ts';
import { envelopeFlags, frame } from '../../services/mesh/framing/envelope.ts';
import {
  ask,
  envelopes,
  exchange,
  importTable,
  part,
  query,
  reply,
  startEdge,
  streamQuery,
  valuesOf,
} from './testing.ts';

const grpc = 'application/grpc+proto';
const payload = ask.subarray(5);
const messageBytesMax = 100_000;

const codecs = [
  ['gzip', gzipSync, gunzipSync],
  ['br', brotliCompressSync, brotliDecompressSync],
  ['zstd', zstdCompressSync, zstdDecompressSync],
  ['deflate', deflateSync, inflateSync],
] as const;

/** A service that keeps what it was sent, and answers with these messages. */
async function serve(...messages: readonly Buffer[]) {
  const received: Buffer[] = [];
  const onStream = (stream: ServerHttp2Stream) => {
    stream.on('data', (chunk: Buffer) => received.push(chunk));
    stream.on('end', () => endWith(stream, { 'grpc-status': '0' }, Buffer.concat(messages)));
  };
  const edge = await startEdge(onStream, messageBytesMax);
  return { edge, received: () => envelopes(Buffer.concat(received)) };
}

const large = reply(query, { revision: 'x'.repeat(5_000) });
const small = reply(query, { revision: 'x' });

describe.each(codecs)('%s', (name, deflate, inflate) => {
  it('of a request is undone message by message', async () => {
    const { edge, received } = await serve(small);
    const body = Buffer.concat([
      frame(deflate(part(10).subarray(5)), envelopeFlags.compressed),
      part(20),
      frame(deflate(part(30).subarray(5)), envelopeFlags.compressed),
    ]);
    await exchange(edge, { method: importTable, type: grpc, fields: ['grpc-encoding', name] }, body);
    const messages = [10, 20, 30].map((bytes) => ({ flags: 0, payload: part(bytes).subarray(5) }));
    expect(received()).toEqual(messages);
    expect(valuesOf((await edge.upstream.next()).fields, 'grpc-encoding')).toEqual([]);
  });

  it('of an answer is said for each message, and small ones are left as they are', async () => {
    const { edge } = await serve(large, small);
    const fields = ['grpc-encoding', name, 'grpc-accept-encoding', `identity,${name}`];
    const whole = await exchange(edge, { method: streamQuery, type: grpc, fields }, ask);
    expect(whole.fields['grpc-encoding']).toBe(name);
    const [first, second] = envelopes(whole.body);
    expect([first?.flags, second?.flags]).toEqual([envelopeFlags.compressed, 0]);
    expect(inflate(first?.payload as Buffer)).toEqual(large.subarray(5));
    expect(second?.payload).toEqual(small.subarray(5));
  });

  it('of a body of Connect goes both ways', async () => {
    const { edge, received } = await serve(large);
    const fields = ['content-encoding', name, 'accept-encoding', name];
    const whole = await exchange(
      edge,
      { method: query, type: 'application/proto', fields },
      deflate(payload),
    );
    expect(received()).toEqual([{ flags: 0, payload }]);
    expect(whole.fields['content-encoding']).toBe(name);
    expect(inflate(whole.body)).toEqual(large.subarray(5));
  });

  it.each([
    ['over gRPC', grpc, 'grpc-encoding'],
    ['over Connect streams', 'application/connect+proto', 'connect-content-encoding'],
  ])(
    'of a message that inflates beyond the limit is refused, and not sent on: %s',
    async (_name, type, field) => {
      const { edge, received } = await serve(small);
      const bomb = frame(deflate(Buffer.alloc(100 * messageBytesMax)), envelopeFlags.compressed);
      expect(bomb.length).toBeLessThan(messageBytesMax);
      const form = { method: importTable, type, fields: [field, name] };
      const whole = await exchange(edge, form, bomb);
      const connect = String(envelopes(whole.body)[0]?.payload);
      expect(whole.fields['grpc-status'] ?? whole.trailers['grpc-status'] ?? connect).toMatch(
        /^8$|"code":"resource_exhausted"/,
      );
      expect(received()).toEqual([]);
    },
  );

  it('of a body of Connect that inflates beyond the limit is refused, and not sent on', async () => {
    const { edge, received } = await serve(small);
    const bomb = deflate(Buffer.alloc(100 * messageBytesMax));
    const form = { method: query, type: 'application/proto', fields: ['content-encoding', name] };
    const whole = await exchange(edge, form, bomb);
    expect([whole.fields[':status'], JSON.parse(String(whole.body)).code]).toEqual([
      429,
      'resource_exhausted',
    ]);
    expect(received()).toEqual([]);
  });
});

describe('an answer is compressed as its client likes it', () => {
  it.each([
    ['gzip', 'gzip'],
    ['gzip;q=0.1, br;q=0.9', 'br'],
    ['br;q=0.2, zstd;q=0.8, gzip;q=0.5', 'zstd'],
    ['gzip;q=0, *;q=0.1', 'br'],
    ['gzip;q=0', undefined],
    ['identity;q=1, gzip;q=0.5', undefined],
    ['snappy', undefined],
    ['', undefined],
  ])('accept-encoding: %s', async (accepted, expected) => {
    const { edge } = await serve(large);
    const form = { method: query, type: 'application/proto', fields: ['accept-encoding', accepted] };
    const whole = await exchange(edge, form, payload);
    expect([whole.fields[':status'], whole.fields['content-encoding']]).toEqual([200, expected]);
  });

  it('over gRPC only where it compresses, too', async () => {
    const { edge } = await serve(large);
    const fields = ['grpc-accept-encoding', 'gzip'];
    const whole = await exchange(edge, { method: query, type: grpc, fields }, ask);
    expect(envelopes(whole.body)).toEqual([{ flags: 0, payload: large.subarray(5) }]);
    expect(whole.fields).not.toHaveProperty('grpc-encoding');
  });
});

describe('a compression that the edge does not know', () => {
  it('is refused over gRPC with what it knows', async () => {
    const { edge } = await serve(small);
    const fields = ['grpc-encoding', 'snappy'];
    const whole = await exchange(edge, { method: query, type: grpc, fields }, ask);
    expect([whole.fields['grpc-status'], whole.fields['grpc-accept-encoding']]).toEqual([
      '12',
      'gzip,br,zstd,deflate,identity',
    ]);
  });

  it('is refused over Connect with what it knows', async () => {
    const { edge } = await serve(small);
    const fields = ['content-encoding', 'snappy'];
    const whole = await exchange(edge, { method: query, type: 'application/proto', fields }, payload);
    expect([whole.fields[':status'], whole.fields['accept-encoding']]).toEqual([
      501,
      'gzip,br,zstd,deflate,identity',
    ]);
  });
});
