import {
  connect as connectHttp2,
  constants,
  createServer as createHttp2Server,
  type Http2Server,
  type ServerHttp2Stream,
} from 'node:http2';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { create, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { Server as GrpcServer, ServerCredentials, type ServerDuplexStream } from '@grpc/grpc-js';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService, ImportTableRequestSchema } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { createSigner, createVerifier, type Signer, type Verifier } from '../identity/assertion.ts';
import { parseMeshKey } from '../identity/mesh-key.ts';
import { methodPath } from '../policy/method-policy.ts';
import type { Channel } from './channel.ts';
import { createChannelPool } from './channel-pool.ts';
import { createClient } from './client.ts';
import { RpcError, rpcError } from './error.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import { serveGrpc } from './grpc-server.ts';
import { bindService, type Handlers } from './service.ts';
import { connectionLoss } from './status.ts';
import { deferred, silentLog, TestStream } from './testing.ts';

const meshKey = parseMeshKey(
  JSON.stringify({
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }),
);
let sign: Signer;
let verifier: Verifier;
const toClose: (() => unknown)[] = [];

beforeAll(async () => {
  sign = await createSigner('edge', meshKey.privateKey);
  verifier = await createVerifier(meshKey.publicKey);
});
afterEach(async () => {
  for (const close of toClose.splice(0).toReversed()) await close();
});

function channelTo(address: string): Channel {
  const channel = createGrpcChannel(address, () => sign());
  toClose.push(() => channel.close());
  return channel;
}

const caller = () => sign(create(PrincipalSchema, { principalId: 'key_1' }));

async function serve(changes: Partial<Handlers<typeof GraphService>>, drainMs = 0) {
  const service = bindService(GraphService, {
    query: async () => ({}),
    streamQuery: async function* () {},
    execute: async () => ({}),
    watchImport: async function* () {},
    importTable: async () => ({}),
    getSchema: async () => ({}),
    ...changes,
  });
  const server = await serveGrpc({
    services: [service],
    verifier,
    address: '127.0.0.1:0',
    log: silentLog,
    drainMs,
  });
  toClose.push(() => server.close());
  return server;
}

/** A server of ImportTable without any of our own code. */
async function serveRaw(handle: (stream: ServerDuplexStream<unknown, object>) => void): Promise<string> {
  const server = new GrpcServer();
  const definition = {
    path: methodPath(GraphService.method.importTable),
    requestStream: true,
    responseStream: true,
    requestSerialize: () => Buffer.alloc(0),
    requestDeserialize: (bytes: Buffer) => fromBinary(ImportTableRequestSchema, bytes),
    responseSerialize: () => Buffer.alloc(0),
    responseDeserialize: () => ({}),
  } as const;
  server.addService({ ImportTable: definition }, { ImportTable: handle });
  toClose.push(() => server.forceShutdown());
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(`127.0.0.1:${port}`),
    );
  });
}

const part = { graphId: 'g', body: { data: new Uint8Array(100_000) } };
const request = { graphId: 'g', statement: 'RETURN 1' };
const failureOf = (call: Promise<unknown>): Promise<RpcError> =>
  call.then(
    () => expect.fail('it answered'),
    (error) => error,
  );
const lossOf = (error: unknown) => (error instanceof RpcError ? connectionLoss(error) : String(error));

describe('an upload', () => {
  it('is answered as soon as the service answers, although more could come', async () => {
    const server = await serve({ importTable: async () => ({ rowCount: 7 }) });
    const parts = new TestStream<typeof part>();
    parts.send(part);
    const client = createClient(GraphService, channelTo(server.endpoint));
    expect((await client.importTable(parts, { caller: await caller() })).rowCount).toBe(7);
  });

  it('whose caller gives up ends the handler that waits for its next part', async () => {
    const begun = deferred();
    const ended = deferred<unknown>();
    const server = await serve({
      importTable: async (requests) => {
        try {
          for await (const _ of requests) begun.resolve();
          ended.resolve('the requests ended as if complete');
        } catch (error) {
          ended.resolve(error);
          throw error;
        }
        return {};
      },
    });
    const parts = new TestStream<typeof part>();
    parts.send(part);
    const abort = new AbortController();
    const client = createClient(GraphService, channelTo(server.endpoint));
    const call = failureOf(client.importTable(parts, { caller: await caller(), signal: abort.signal }));
    await begun.promise;
    abort.abort();
    expect((await call).reason).toBe(ErrorReason.CANCELLED);
    expect(await ended.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  it.each(['its caller gives up', 'its requests fail', 'its reader leaves', 'its deadline passes'])(
    'is never taken for complete when %s',
    async (how) => {
      const begun = deferred();
      const over = deferred<string>();
      const server = await serveRaw((stream) => {
        stream.on('data', () => begun.resolve());
        stream.on('end', () => over.resolve('end'));
        stream.on('cancelled', () => over.resolve('cancelled'));
        stream.on('error', () => {});
        if (how === 'its reader leaves') stream.write({});
      });
      const parts = new TestStream<Message>();
      parts.send(create(ImportTableRequestSchema, part));
      const abort = new AbortController();
      const options = how === 'its deadline passes' ? { timeoutMs: 100 } : { signal: abort.signal };
      const call = async () => {
        const { importTable } = GraphService.method;
        for await (const _ of channelTo(server).call(importTable, parts, options)) {
          await begun.promise;
          return;
        }
      };
      const called = call().catch(() => {});
      await begun.promise;
      if (how === 'its caller gives up') abort.abort();
      if (how === 'its requests fail') parts.fail(new Error('cut off'));
      await called;
      expect(await over.promise).toBe('cancelled');
    },
  );

  it('is not taken for complete when the connection of its caller is cut', async () => {
    const begun = deferred();
    const ended = deferred<unknown>();
    const server = await serve({
      importTable: async (requests) => {
        try {
          for await (const _ of requests) begun.resolve();
          ended.resolve('the requests ended as if complete');
        } catch (error) {
          ended.resolve(error);
          throw error;
        }
        return {};
      },
    });
    const session = connectHttp2(`http://${server.endpoint}`);
    session.on('error', () => {});
    const stream = session.request({
      ':method': 'POST',
      ':path': methodPath(GraphService.method.importTable),
      'content-type': 'application/grpc',
      te: 'trailers',
      'x-trellis-assertion': (await caller()).assertion,
    });
    stream.on('error', () => {});
    const bytes = Buffer.from(toBinary(ImportTableRequestSchema, create(ImportTableRequestSchema, part)));
    const frame = Buffer.alloc(5);
    frame.writeUInt32BE(bytes.length, 1);
    stream.write(Buffer.concat([frame, bytes]));
    await begun.promise;
    session.socket.destroy();
    expect(await ended.promise).toMatchObject({ reason: ErrorReason.CANCELLED });
  });

  it('waits for a service that reads slowly: what is held in between is bounded', async () => {
    const read = deferred();
    const server = await serve({
      importTable: async (requests) => {
        await read.promise;
        let rowCount = 0;
        for await (const _ of requests) rowCount++;
        return { rowCount };
      },
    });
    let sent = 0;
    const parts = async function* () {
      for (; sent < 400; sent++) yield part;
    };
    const client = createClient(GraphService, channelTo(server.endpoint));
    const call = client.importTable(parts(), { caller: await caller() });
    let before = -1;
    await expect
      .poll(() => {
        const isStill = sent > 0 && sent === before;
        before = sent;
        return isStill;
      })
      .toBe(true);
    expect(sent).toBeLessThan(200);
    read.resolve();
    expect((await call).rowCount).toBe(400);
  });
});

describe('a lost connection', () => {
  /** A server that does this to every stream. */
  async function serveHttp2(onStream: (stream: ServerHttp2Stream) => void): Promise<string> {
    const server: Http2Server = createHttp2Server();
    server.on('stream', (stream) => {
      stream.on('error', () => {});
      onStream(stream);
    });
    server.on('session', (session) => toClose.push(() => session.destroy()));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    toClose.push(() => server.close());
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  }
  const ask = async (address: string) =>
    failureOf(createClient(GraphService, channelTo(address)).query(request, { caller: await caller() }));

  it('that never was means not sent', async () => {
    const server: Server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const error = await ask(`127.0.0.1:${port}`);
    expect([ErrorReason[error.reason], lossOf(error)]).toEqual(['UNAVAILABLE', 'not-sent']);
  });

  it('to a host that has no address means not sent', async () => {
    const error = await ask('nobody.invalid:1');
    expect([ErrorReason[error.reason], lossOf(error)]).toEqual(['UNAVAILABLE', 'not-sent']);
  });

  it('by which the service refused the call means not sent', async () => {
    const address = await serveHttp2((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM));
    expect(lossOf(await ask(address))).toBe('not-sent');
  });

  it.each<[string, (stream: ServerHttp2Stream) => void]>([
    ['cut', (stream) => stream.session?.socket.destroy()],
    [
      'cut in the middle of an answer',
      (stream) => {
        stream.respond({ 'content-type': 'application/grpc' });
        stream.write(Buffer.alloc(3));
        setImmediate(() => stream.session?.destroy());
      },
    ],
    ['reset as cancelled', (stream) => stream.close(constants.NGHTTP2_CANCEL)],
    ['reset by an internal error', (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
    [
      'closed without a status',
      (stream) => {
        stream.respond({ 'content-type': 'application/grpc' });
        stream.end();
      },
    ],
  ])('%s after the call was sent means lost', async (_name, act) => {
    const error = await ask(await serveHttp2(act));
    expect([ErrorReason[error.reason], lossOf(error)]).toEqual(['UNAVAILABLE', 'lost']);
    expect(error.message).toBe('the service is not reachable');
  });

  it('is not what a service answers, even UNAVAILABLE', async () => {
    const server = await serve({
      query: () => Promise.reject(rpcError(ErrorReason.UNAVAILABLE, 'the engine says so')),
    });
    const error = await ask(server.endpoint);
    expect([error.message, lossOf(error)]).toEqual(['the engine says so', undefined]);
  });

  it('of a server that is closed for good means lost, not that its caller gave up', async () => {
    const begun = deferred();
    const server = await serve({
      query: () => {
        begun.resolve();
        return deferred<never>().promise;
      },
    });
    const call = ask(server.endpoint);
    await begun.promise;
    await server.close();
    expect(lossOf(await call)).toBe('lost');
  });
});

describe('a pool', () => {
  it('makes one channel for an address, and another for another', async () => {
    const made: string[] = [];
    const pool = createChannelPool((address) => {
      made.push(address);
      return createGrpcChannel(address, () => sign());
    });
    expect(pool.get('127.0.0.1:1')).toBe(pool.get('127.0.0.1:1'));
    expect(pool.get('127.0.0.1:2')).not.toBe(pool.get('127.0.0.1:1'));
    expect(made).toEqual(['127.0.0.1:1', '127.0.0.1:2']);
    await pool.close();
  });

  it('holds a bounded number: the longest unused is closed', async () => {
    const open = new Set<string>();
    const pool = createChannelPool((address) => {
      open.add(address);
      return {
        call: async function* () {},
        close: async () => void open.delete(address),
      };
    });
    for (let i = 0; i < 1_001; i++) {
      pool.get(`h:${i}`);
      pool.get('h:0');
    }
    expect(open.size).toBe(1_000);
    expect([open.has('h:0'), open.has('h:1')]).toEqual([true, false]);
    await pool.close();
    expect(open.size).toBe(0);
  });

  it('lets calls under way finish on a channel that it closes', async () => {
    const answer = deferred<object>();
    const begun = deferred();
    const server = await serve({
      query: () => {
        begun.resolve();
        return answer.promise;
      },
    });
    const pool = createChannelPool((address) => createGrpcChannel(address, () => sign()));
    const client = createClient(GraphService, pool.get(server.endpoint));
    const call = client.query(request, { caller: await caller() });
    await begun.promise;
    await pool.close();
    answer.resolve({ revision: 'late' });
    expect((await call).revision).toBe('late');
  });
});
