import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService, type ImportTableRequest } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { RpcError, rpcError } from '../../mesh/rpc/error.ts';
import type { Forward } from '../inbound-call.ts';
import type { RestRequest } from './body.ts';
import { type Route, readRequests } from './request.ts';
import { createRouter } from './router.ts';
import { startRestServer, type TestServer } from './testing.ts';

const path = '/v1/graphs/kg_1/tables/Person/import?csv.delimiter=%7C&csv.header=true&fromLabel=A';
const post = { method: 'POST', path, headers: { 'content-type': 'text/csv' } };

let server: TestServer | undefined;

afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function startCollecting(protocol: 'http1' | 'http2') {
  const received: ImportTableRequest[] = [];
  const forward: Forward = async function* (method, requests) {
    for await (const request of requests) received.push(request as ImportTableRequest);
    yield create(method.output);
  };
  server = await startRestServer(protocol, { services: [GraphService], forward });
  return { send: server.send, received };
}

function bytesOf(messages: readonly ImportTableRequest[]): Buffer {
  return Buffer.concat(messages.map(({ body }) => body?.data ?? new Uint8Array()));
}

describe.each(['http1', 'http2'] as const)('uploads over %s', (protocol) => {
  it('become messages of which the first has all but the rest of the data', async () => {
    const { send, received } = await startCollecting(protocol);
    const body = Buffer.alloc(3_000_000, 'abcdefg|\n');
    expect((await send({ ...post, body })).status).toBe(200);
    const [first, ...later] = received;
    expect(first).toMatchObject({
      graphId: 'kg_1',
      table: 'Person',
      fromLabel: 'A',
      csv: { delimiter: '|', header: true, quote: '' },
      body: { contentType: 'text/csv' },
    });
    expect(later.length).toBeGreaterThan(5);
    expect(
      later.every(({ graphId, table, csv, body: part }) => !graphId && !table && !csv && !part?.contentType),
    ).toBe(true);
    expect(received.every(({ body: part }) => (part?.data.byteLength ?? 0) <= 256 * 1024)).toBe(true);
    expect(bytesOf(received).equals(body)).toBe(true);
  });

  it('are inflated on the way', async () => {
    const { send, received } = await startCollecting(protocol);
    const body = Buffer.alloc(3_000_000, 'abcdefg|\n');
    await send({ ...post, headers: { ...post.headers, 'content-encoding': 'gzip' }, body: gzipSync(body) });
    expect(bytesOf(received).equals(body)).toBe(true);
  });

  it('are one message without data where the file is empty', async () => {
    const { send, received } = await startCollecting(protocol);
    expect((await send({ ...post, body: '' })).status).toBe(200);
    expect(received).toMatchObject([
      { graphId: 'kg_1', body: { contentType: 'text/csv', data: new Uint8Array() } },
    ]);
  });

  it('fail as INVALID_REQUEST where a query parameter is unknown', async () => {
    const { send } = await startCollecting(protocol);
    const answer = await send({ ...post, path: `${path}&csv.delim=x`, body: 'a' });
    expect(answer.status).toBe(400);
    expect(answer.json()).toMatchObject({
      error: { message: 'csv.delim: there is no query parameter "csv.delim"' },
    });
  });

  it('never look complete where the client broke off within the file', async () => {
    const first = Promise.withResolvers<void>();
    const result = Promise.withResolvers<unknown>();
    const forward: Forward = async function* (method, requests) {
      try {
        for await (const _ of requests) first.resolve();
        result.resolve('complete');
      } catch (thrown) {
        result.resolve(thrown);
        throw thrown;
      }
      yield create(method.output);
    };
    server = await startRestServer(protocol, { services: [GraphService], forward });
    const { upload, answer, abort } = server.open(post);
    upload.on('error', () => {});
    answer.catch(() => {});
    upload.write('a|b\n');
    await first.promise;
    abort();
    expect(await result.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  it('get an answer that comes before their end', async () => {
    const forward: Forward = async function* (method, requests) {
      for await (const _ of requests) {
        throw rpcError(ErrorReason.TABLE_NOT_FOUND, 'no table Person');
      }
      yield create(method.output);
    };
    server = await startRestServer(protocol, { services: [GraphService], forward });
    const { upload, answer } = server.open(post);
    upload.on('error', () => {});
    upload.write('a|b\n');
    const { status, body } = await answer;
    expect(status).toBe(404);
    body.resume();
    upload.end();
  });
});

describe('readRequests of an upload', () => {
  const route = createRouter([GraphService])('POST', path) as Route;
  const rules = { bodyBytesMax: 10, unknownParameters: 'refuse' } as const;
  const requestOf = (source: Readable, headers = {}): RestRequest => {
    return Object.assign(source, { headers, complete: true }) as unknown as RestRequest;
  };

  it('reads of the file only what is asked for', async () => {
    let chunks = 0;
    const source = new Readable({
      highWaterMark: 64 * 1024,
      read() {
        chunks += 1;
        this.push(chunks > 1000 ? null : Buffer.alloc(64 * 1024));
      },
    });
    const messages = readRequests(route, requestOf(source), rules);
    await messages.next();
    await new Promise(setImmediate);
    expect(chunks).toBeLessThan(5);
    let bytes = 64 * 1024;
    for await (const message of messages) bytes += (message as ImportTableRequest).body?.data.byteLength ?? 0;
    expect(bytes).toBe(1000 * 64 * 1024);
  });

  it('splits what comes in one piece', async () => {
    const sizes: (number | undefined)[] = [];
    const source = Readable.from([Buffer.alloc(600 * 1024)]);
    for await (const message of readRequests(route, requestOf(source), rules)) {
      sizes.push((message as ImportTableRequest).body?.data.byteLength);
    }
    expect(sizes).toEqual([256 * 1024, 256 * 1024, 88 * 1024]);
  });

  it('fails where the body breaks off, compressed or not', async () => {
    const broken = () => {
      const parts = async function* () {
        yield gzipSync('a|b\n').subarray(0, 12);
        throw new Error('aborted');
      };
      return Readable.from(parts());
    };
    for (const headers of [{}, { 'content-encoding': 'gzip' }]) {
      const messages: Message[] = [];
      const read = async () => {
        for await (const message of readRequests(route, requestOf(broken(), headers), rules))
          messages.push(message);
      };
      const thrown = await read().catch((error: unknown) => error);
      expect(thrown).toBeInstanceOf(RpcError);
      expect((thrown as RpcError).reason).toBe(ErrorReason.CANCELLED);
    }
  });
});
