import { once } from 'node:events';
import { constants } from 'node:http2';
import { fromBinary } from '@bufbuild/protobuf';
import { Server as GrpcServer, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { GraphService, ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { methodPath } from '../../mesh/policy/method-policy.ts';
import { deferred, silentLog } from '../../mesh/rpc/testing.ts';
import type { RequestStream } from '../data-path/call.ts';
import { closed, endWith, serveHttp2 } from './http2-server.testing.ts';
import { Http2Upstreams } from './http2-upstream.ts';
import { framed, TestSink, upstreamRequest } from './testing.ts';

const toClose: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

const method = GraphService.method.importTable;
const part = (bytes = 1) => framed(method, { graphId: 'g', body: { data: new Uint8Array(bytes) } });

function open(address: string) {
  const upstreams = new Http2Upstreams({
    log: silentLog,
    self: async () => ({ service: 'edge', assertion: 'signed' }),
  });
  toClose.push(() => upstreams.close());
  const sink = new TestSink();
  return { stream: upstreams.get(address).open(upstreamRequest({ method }), sink), sink };
}

async function serve() {
  const server = await serveHttp2();
  toClose.push(() => server.close());
  return server;
}

/** A grpc-js server of ImportTable without any of our own code. */
async function serveGrpcJs(handle: (stream: ServerDuplexStream<unknown, object>) => void): Promise<string> {
  const server = new GrpcServer();
  const definition = {
    path: methodPath(method),
    requestStream: true,
    responseStream: true,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => fromBinary(ImportTableRequestSchema, bytes),
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  } as const;
  server.addService({ ImportTable: definition }, { ImportTable: handle });
  toClose.push(() => server.forceShutdown());
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    );
  });
  return `127.0.0.1:${port}`;
}

describe('an upload that is cancelled', () => {
  it.each<[string, (stream: RequestStream) => void]>([
    ['between two messages', (stream) => stream.cancel()],
    [
      'right after a message',
      (stream) => {
        stream.write(part());
        stream.cancel();
      },
    ],
    [
      'in the middle of a message',
      (stream) => {
        stream.write(part().subarray(0, 8));
        setImmediate(() => stream.cancel());
      },
    ],
    [
      'after its end, while much of it is on the way',
      (stream) => {
        for (let i = 0; i < 64; i++) stream.write(part(64 * 1024));
        stream.end();
        setImmediate(() => stream.cancel());
      },
    ],
  ])('%s is never taken for complete', async (_name, give) => {
    const begun = deferred();
    const over = deferred<string>();
    const address = await serveGrpcJs((stream) => {
      stream.on('data', () => begun.resolve());
      stream.on('end', () => over.resolve('end'));
      stream.on('cancelled', () => over.resolve('cancelled'));
      stream.on('error', () => {});
    });
    const { stream, sink } = open(address);
    stream.write(part());
    await begun.promise;
    give(stream);
    sink.silence();
    expect(await over.promise).toBe('cancelled');
    expect(sink.violations).toEqual([]);
  });

  it('before it was sent is never sent', async () => {
    const server = await serve();
    const { stream, sink } = open(server.address);
    stream.write(part());
    stream.cancel();
    sink.silence();
    const next = open(server.address);
    await server.next();
    expect(server.streams).toHaveLength(1);
    next.stream.cancel();
    expect(sink.violations).toEqual([]);
  });
});

describe('a call that is cancelled', () => {
  it('after all its requests were sent tells CANCEL', async () => {
    const server = await serve();
    const { stream } = open(server.address);
    stream.end();
    const served = await server.next();
    await once(served.stream.resume(), 'end');
    stream.cancel();
    await closed(served.stream);
    expect(served.stream.rstCode).toBe(constants.NGHTTP2_CANCEL);
  });

  it('from within its own answer tells nothing more', async () => {
    const server = await serve();
    const { stream, sink } = open(server.address);
    stream.end();
    const { stream: served } = await server.next();
    sink.onData = () => {
      stream.cancel();
      sink.silence();
    };
    endWith(served, { 'grpc-status': '0' }, Buffer.alloc(100_000));
    await closed(served);
    expect(sink.violations).toEqual([]);
  });
});

describe('a call that its service ended early', () => {
  it('is reset, so that it does not wait for requests that nobody reads', async () => {
    const server = await serve();
    const { stream, sink } = open(server.address);
    while (stream.write(part(64 * 1024)));
    const { stream: served } = await server.next();
    // Node's server stops a client by itself where nobody has begun to read.
    served.on('data', () => served.pause());
    await once(served, 'data');
    endWith(served, { 'grpc-status': '8' });
    expect((await sink.ended).code).toBe(8);
    await closed(served);
  });
});
