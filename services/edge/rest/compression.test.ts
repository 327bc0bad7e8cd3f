import { brotliDecompressSync, constants, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { type HttpBody, HttpBodySchema } from '../../../gen/google/api/httpbody_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { CatalogService, ListGraphsResponseSchema } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import { GraphService, StreamQueryResponseSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { only } from '../../mesh/rpc/service.ts';
import type { Forward } from '../inbound-call.ts';
import { createStreamCompressor } from './stream-compressor.ts';
import { createTestService } from './test-service.ts';
import { startRestServer, type TestServer } from './testing.ts';

const inflaters = {
  gzip: gunzipSync,
  br: brotliDecompressSync,
  zstd: zstdDecompressSync,
} as const;
const encodings = Object.keys(inflaters) as (keyof typeof inflaters)[];

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

function answering(...messages: readonly Message[]): Forward {
  return async function* (_method, requests) {
    await only(requests);
    yield* messages;
  };
}

describe.each(['http1', 'http2'] as const)('answers over %s', (protocol) => {
  const services = [CatalogService, GraphService];
  const list = (length: number) => {
    return answering(create(ListGraphsResponseSchema, { nextPageToken: 'x'.repeat(length) }));
  };
  const get = async (forward: Forward, acceptEncoding: string, method = 'GET') => {
    server = await startRestServer(protocol, { services, forward });
    return server.send({ method, path: '/v1/graphs', headers: { 'accept-encoding': acceptEncoding } });
  };

  it.each(encodings)('are compressed as %s where the client takes it', async (encoding) => {
    const answer = await get(list(2000), `${encoding};q=0.5, identity;q=0.1`);
    expect(answer.headers).toMatchObject({
      'content-encoding': encoding,
      'content-length': String(answer.body.length),
      vary: 'accept-encoding',
    });
    expect(answer.body.length).toBeLessThan(500);
    expect(JSON.parse(inflaters[encoding](answer.body).toString())).toEqual({
      graphs: [],
      nextPageToken: 'x'.repeat(2000),
    });
  });

  it.each([
    ['gzip;q=0.2, br;q=0.9, zstd;q=0.1', 'br'],
    ['gzip, br, zstd', 'zstd'],
    ['*', 'zstd'],
    ['*;q=0, gzip;q=0.1', 'gzip'],
    ['gzip;q=0, deflate', undefined],
    ['identity, gzip;q=0.5', undefined],
    ['', undefined],
  ])('heed the weights of %j', async (acceptEncoding, expected) => {
    const { headers } = await get(list(2000), acceptEncoding);
    expect([headers['content-encoding'], headers.vary]).toEqual([expected, 'accept-encoding']);
  });

  it('are as they are below 1 KiB', async () => {
    // The JSON around it has 32 bytes.
    const short = await get(list(1023 - 32), 'gzip');
    expect([short.headers['content-encoding'], short.body.length]).toEqual([undefined, 1023]);
    await server?.close();
    expect((await get(list(1024 - 32), 'gzip')).headers['content-encoding']).toBe('gzip');
  });

  it('of HEAD have the length of what GET would send', async () => {
    const whole = await get(list(2000), 'gzip');
    const head = await server?.send({
      method: 'HEAD',
      path: '/v1/graphs',
      headers: { 'accept-encoding': 'gzip' },
    });
    expect(head?.headers['content-length']).toBe(whole.headers['content-length']);
    expect(head?.body.length).toBe(0);
  });

  it('that are errors are compressed like others', async () => {
    const error = rpcError(ErrorReason.INTERNAL, 'x'.repeat(2000));
    const answer = await get(
      () => ({ [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(error) }) }),
      'gzip',
    );
    expect(answer.status).toBe(500);
    expect(gunzipSync(answer.body).toString()).toContain('x'.repeat(2000));
  });

  it.each([
    ['application/gzip', undefined],
    ['image/png', undefined],
    ['text/csv; header=present', 'gzip'],
    ['application/problem+json', 'gzip'],
  ])('of raw bytes are compressed where they are text: %s', async (contentType, expected) => {
    const file: HttpBody = create(HttpBodySchema, { contentType, data: Buffer.alloc(5000, 'a') });
    const rule = { pattern: { case: 'get', value: '/v1/file' } } as const;
    const method = { name: 'Get', rule, output: '.google.api.HttpBody' };
    for (const givesStream of [false, true]) {
      server = await startRestServer(protocol, {
        services: [createTestService([{ ...method, givesStream }])],
        forward: answering(file),
      });
      const headers = { 'accept-encoding': 'gzip' };
      const answer = await server.send({ method: 'GET', path: '/v1/file', headers });
      expect(answer.headers['content-encoding']).toBe(expected);
      const bytes = expected ? gunzipSync(answer.body) : answer.body;
      expect(bytes.equals(Buffer.alloc(5000, 'a'))).toBe(true);
      await server.close();
    }
    server = undefined;
  });

  it.each(encodings)(
    'that are streams give each message when it comes, compressed as %s',
    async (encoding) => {
      const gate = Promise.withResolvers<void>();
      const [first, last] = ['a', 'b'].map((name) =>
        create(StreamQueryResponseSchema, { columns: [{ name }] }),
      );
      server = await startRestServer(protocol, {
        services,
        forward: async function* (_method, requests) {
          await only(requests);
          if (first) yield first;
          await gate.promise;
          if (last) yield last;
        },
      });
      const { upload, answer } = server.open({
        method: 'POST',
        path: '/v1/graphs/kg_1/query/stream',
        headers: { 'content-type': 'application/json', 'accept-encoding': encoding },
      });
      upload.end('{}');
      const { headers, body } = await answer;
      expect(headers).toMatchObject({ 'content-encoding': encoding, vary: 'accept, accept-encoding' });
      const iterator = body.iterator({ destroyOnReturn: false })[Symbol.asyncIterator]();
      const begin: Buffer = (await iterator.next()).value;
      // What came can be read before the rest is there: the end of the body has not come.
      expect(inflateBegin(encoding, begin)).toBe('{"columns":[{"name":"a","type":""}]}\n');
      gate.resolve();
      const chunks = [begin];
      for await (const chunk of { [Symbol.asyncIterator]: () => iterator }) chunks.push(chunk);
      expect(inflaters[encoding](Buffer.concat(chunks)).toString()).toBe(
        '{"columns":[{"name":"a","type":""}]}\n{"columns":[{"name":"b","type":""}]}\n',
      );
    },
  );
});

describe.each(encodings)('a stream compressor for %s', (encoding) => {
  it('gives all of a part before the next, however large', async () => {
    const compressor = createStreamCompressor(encoding);
    const parts = ['a\n', Buffer.from(crypto.getRandomValues(new Uint8Array(65_536))).toString('hex'), 'b\n'];
    const chunks: Buffer[] = [];
    let sofar = '';
    for (const part of parts) {
      chunks.push(await compressor.part(part));
      sofar += part;
      expect(inflateBegin(encoding, Buffer.concat(chunks))).toBe(sofar);
    }
    chunks.push(await compressor.end());
    compressor.close();
    expect(inflaters[encoding](Buffer.concat(chunks)).toString()).toBe(sofar);
  });

  it('refuses a part after it was closed', async () => {
    const compressor = createStreamCompressor(encoding);
    compressor.close();
    await expect(compressor.part('a')).rejects.toThrow();
  });
});

/** The text that the beginning of a compressed body says. */
function inflateBegin(encoding: keyof typeof inflaters, begin: Buffer): string {
  const partial = {
    gzip: { finishFlush: constants.Z_SYNC_FLUSH },
    br: { finishFlush: constants.BROTLI_OPERATION_FLUSH },
    zstd: { finishFlush: constants.ZSTD_e_flush },
  } as const;
  return inflaters[encoding](begin, partial[encoding]).toString();
}
