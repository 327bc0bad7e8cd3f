import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { create, type DescMethod, fromBinary, type Message, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { createConnectTransport, createGrpcWebTransport } from '@connectrpc/connect-web';
import {
  Client,
  credentials,
  Metadata as GrpcMetadata,
  type Metadata,
  type ServiceError,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
} from '../../gen/google/rpc/error_details_pb.js';
import { StatusSchema } from '../../gen/google/rpc/status_pb.js';
import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphService,
  ImportTableRequestSchema,
  ImportTableResponseSchema,
  QueryRequestSchema,
  QueryResponseSchema,
  StreamQueryRequestSchema,
  StreamQueryResponseSchema,
} from '../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementSchema } from '../../gen/trellis/graph/v1/placement_pb.js';
import { methodPath } from '../mesh/policy/method-policy.ts';
import { untilCallEnd } from '../mesh/rpc/call-end.ts';
import type { CallOptions, Channel } from '../mesh/rpc/channel.ts';
import { rpcError } from '../mesh/rpc/error.ts';
import { only } from '../mesh/rpc/service.ts';
import { deferred, silentLog } from '../mesh/rpc/testing.ts';
import { contractServices } from './contract.ts';
import { createForward } from './forward.ts';
import type { ForwardBytes, InboundHead } from './inbound-call.ts';
import { createDocsPages } from './infrastructure/docs-page.ts';
import { Readiness } from './infrastructure/readiness.ts';
import { listenOnePort, type OnePort } from './listener/one-port.ts';
import { MethodTable } from './method-table.ts';
import { createPublicHandler } from './public-handler.ts';
import type { GraphRouter } from './routing/graph-router.ts';
import { createChannelUpstream } from './upstream/channel-upstream.ts';

let port: OnePort;
let isReady = true;
/** What the data path was given, and the signal of the call at its service. */
let calls: { readonly method: DescMethod; readonly head: InboundHead; signal?: AbortSignal | undefined }[];
/** What services do. */
let run: (requests: AsyncIterable<Message>, head: InboundHead) => AsyncIterable<Message>;
let grpc: Client;
const listenerErrors: unknown[] = [];
const messageBytesMax = 100_000;

/** The data path without admission, in front of one service that does what the test says. */
const forward: ForwardBytes = (method, head, sink) => {
  const entry: (typeof calls)[number] = { method: method.desc, head };
  calls.push(entry);
  const channel: Channel = {
    call: (_method: DescMethod, requests: AsyncIterable<Message>, { context }: CallOptions = {}) => {
      entry.signal = context?.signal;
      return untilCallEnd(run(requests, head), { signal: new AbortController().signal, ...context, ...head });
    },
    close: async () => {},
  };
  const service = createChannelUpstream(channel, silentLog);
  const graphs = { find: async () => create(PlacementSchema), upstream: () => service };
  const options = { graphs: graphs as unknown as GraphRouter, control: service, log: silentLog };
  return createForward({ ...options, admit: async () => undefined })(method, head, sink);
};

beforeAll(async () => {
  const handler = createPublicHandler({
    table: new MethodTable(contractServices),
    forward,
    readiness: new Readiness([{ name: 'test', isReady: () => isReady }]),
    docs: await createDocsPages({ openApi: { openapi: '3.1.0' }, title: 'Test' }),
    messageBytesMax,
    corsOrigins: ['*'],
    log: silentLog,
  });
  const onError = (error: unknown) => listenerErrors.push(error);
  port = await listenOnePort({ port: 0, host: '127.0.0.1', handler, onError });
  grpc = new Client(`127.0.0.1:${port.port}`, credentials.createInsecure());
});
afterAll(async () => {
  grpc.close();
  await port.close(0);
});
beforeEach(() => {
  calls = [];
  isReady = true;
  run = answer;
});

/** Answers with one response per row that is asked for. */
async function* answer(requests: AsyncIterable<Message>, head: InboundHead): AsyncIterable<Message> {
  head.responseHeaders.set('ratelimit', '"GRAPH_QUERY";r=7;t=3');
  const { method } = calls.at(-1) ?? {};
  if (method === GraphService.method.importTable) {
    let bytes = 0;
    for await (const part of requests) bytes += (part as typeof uploadPart).body?.data.length ?? 0;
    yield create(ImportTableResponseSchema, { rowCount: bytes });
    return;
  }
  const { maxRows, statement } = (await only(requests)) as ReturnType<typeof queryOf>;
  if (method === GraphService.method.query) {
    yield create(QueryResponseSchema, { revision: statement });
    return;
  }
  for (let i = 0; i < maxRows; i++) yield create(StreamQueryResponseSchema, { done: { rowCount: i } });
}

const uploadPart = create(ImportTableRequestSchema, {
  graphId: 'g1',
  table: 'A',
  body: { data: new Uint8Array(1_000) },
});
const queryOf = (maxRows = 0) =>
  create(QueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1', maxRows });

/** What went wrong, as a client of any protocol sees it. */
interface Failure {
  readonly code: number;
  readonly message: string;
  readonly reason: string | undefined;
  readonly requestId: string | undefined;
  readonly fields: readonly string[] | undefined;
  readonly header: (name: string) => string | null;
}

interface CallSettings {
  readonly headers?: Readonly<Record<string, string>>;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onHeader?: (name: (header: string) => string | null) => void;
}

/** A client of one protocol. Calls that fail reject with a Failure. */
interface ProtocolClient {
  query(settings?: CallSettings): Promise<string>;
  stream(rows: number, settings?: CallSettings): AsyncIterable<number>;
}

const connectClient = (make: (interceptors: Interceptor[]) => Parameters<typeof createClient>[1]) => {
  const client = () => createClient(GraphService, make([]));
  const toOptions = ({ onHeader, ...settings }: CallSettings) => ({
    ...settings,
    onHeader: (headers: Headers) => onHeader?.((name) => headers.get(name)),
  });
  return {
    query: async (settings: CallSettings = {}) => {
      const response = await client().query(queryOf(), toOptions(settings)).catch(throwConnectFailure);
      return response.revision;
    },
    stream: async function* (rows: number, settings: CallSettings = {}) {
      const request = create(StreamQueryRequestSchema, { graphId: 'g1', statement: 'x', maxRows: rows });
      try {
        for await (const { done } of client().streamQuery(request, toOptions(settings))) {
          yield done?.rowCount ?? -1;
        }
      } catch (error) {
        throwConnectFailure(error);
      }
    },
  } satisfies ProtocolClient;
};

function throwConnectFailure(thrown: unknown): never {
  const error = ConnectError.from(thrown);
  throw {
    code: error.code,
    message: error.rawMessage,
    reason: error.findDetails(ErrorInfoSchema)[0]?.reason,
    requestId: error.findDetails(RequestInfoSchema)[0]?.requestId,
    fields: error.findDetails(BadRequestSchema)[0]?.fieldViolations.map(({ field }) => field),
    header: (name) => error.metadata.get(name),
  } satisfies Failure;
}

const serialize = (message: Message) => Buffer.from(toBinary(calledSchema(message), message as never));
const calledSchema = (message: Message) => {
  const schemas = [QueryRequestSchema, StreamQueryRequestSchema, ImportTableRequestSchema];
  const schema = schemas.find(({ typeName }) => typeName === message.$typeName);
  if (!schema) throw new Error(message.$typeName);
  return schema;
};

function toMetadata({ headers = {} }: CallSettings): GrpcMetadata {
  const metadata = new GrpcMetadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

function toFailure(error: ServiceError): Failure {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  const details = bytes ? fromBinary(StatusSchema, bytes as Buffer).details : [];
  const find = <T>(unpack: (detail: (typeof details)[number]) => T | undefined) =>
    details.map(unpack).find((detail) => detail !== undefined);
  return {
    code: error.code,
    message: error.details,
    reason: find((detail) => anyUnpack(detail, ErrorInfoSchema))?.reason,
    requestId: find((detail) => anyUnpack(detail, RequestInfoSchema))?.requestId,
    fields: find((detail) => anyUnpack(detail, BadRequestSchema))?.fieldViolations.map(({ field }) => field),
    header: (name) => error.metadata.get(name)[0]?.toString() ?? null,
  };
}

const grpcOptions = ({ timeoutMs }: CallSettings) =>
  timeoutMs === undefined ? {} : { deadline: Date.now() + timeoutMs };

const grpcClient: ProtocolClient = {
  query: (settings = {}) =>
    new Promise((resolve, reject) => {
      const { query } = GraphService.method;
      const decode = (bytes: Buffer) => fromBinary(QueryResponseSchema, bytes);
      const stream = grpc.makeUnaryRequest(
        methodPath(query),
        serialize,
        decode,
        queryOf(),
        toMetadata(settings),
        grpcOptions(settings),
        (error, response) => (error ? reject(toFailure(error)) : resolve(response?.revision ?? '')),
      );
      stream.on('metadata', (metadata: Metadata) =>
        settings.onHeader?.((name) => metadata.get(name)[0]?.toString() ?? null),
      );
      settings.signal?.addEventListener('abort', () => stream.cancel());
    }),
  stream: async function* (rows, settings = {}) {
    const stream = grpc.makeServerStreamRequest(
      methodPath(GraphService.method.streamQuery),
      serialize,
      (bytes: Buffer) => fromBinary(StreamQueryResponseSchema, bytes),
      create(StreamQueryRequestSchema, { graphId: 'g1', statement: 'x', maxRows: rows }),
      toMetadata(settings),
      grpcOptions(settings),
    );
    settings.signal?.addEventListener('abort', () => stream.cancel());
    try {
      for await (const { done } of stream) yield done?.rowCount ?? -1;
    } catch (error) {
      throw toFailure(error as ServiceError);
    }
  },
};

const baseUrl = () => `http://127.0.0.1:${port.port}`;
const clients: readonly [string, ProtocolClient][] = [
  ['gRPC', grpcClient],
  ['gRPC-Web', connectClient(() => createGrpcWebTransport({ baseUrl: baseUrl() }))],
  ['Connect JSON', connectClient(() => createConnectTransport({ baseUrl: baseUrl() }))],
  [
    'Connect binary',
    connectClient(() => createConnectTransport({ baseUrl: baseUrl(), useBinaryFormat: true })),
  ],
];

const failureOf = (work: Promise<unknown>): Promise<Failure> =>
  work.then(
    () => expect.fail('it answered'),
    (failure) => failure,
  );

async function collect(items: AsyncIterable<number>): Promise<number[]> {
  const collected: number[] = [];
  for await (const item of items) collected.push(item);
  return collected;
}

const failWith = (error: Error): typeof run =>
  async function* () {
    yield* [];
    throw error;
  };

/** Waits for the call's signal, as a data path does that has nothing to say yet. */
const wait: typeof run = async function* () {
  yield* [];
  await deferred().promise;
};

describe.each(clients)('a call over %s', (name, client) => {
  it('carries a request and its response', async () => {
    expect(await client.query()).toBe('RETURN 1');
    expect(calls.map(({ method }) => method.name)).toEqual(['Query']);
  });

  it('carries a stream of responses in order', async () => {
    expect(await collect(client.stream(300))).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('carries its credential, whichever way it is said, and where it came from', async () => {
    await client.query({ headers: { authorization: 'Bearer abc' } });
    await client.query({ headers: { 'x-api-key': 'def' } });
    await client.query();
    expect(calls.map(({ head }) => head.credential)).toEqual(['abc', 'def', undefined]);
    expect(calls[0]?.head.clientAddress).toBe('127.0.0.1');
  });

  it('cannot say who it is by headers between services', async () => {
    const headers = { 'x-trellis-assertion': 'forged', 'x-trellis-client-address': '10.0.0.1' };
    await client.query({ headers: { ...headers, 'x-forwarded-for': '10.0.0.1' } });
    expect(calls[0]?.head).toMatchObject({ clientAddress: '127.0.0.1', credential: undefined });
    expect(JSON.stringify(calls[0]?.head)).not.toContain('forged');
  });

  it('keeps its request id, and gets one where it has none that could be kept', async () => {
    const seen: (string | null)[] = [];
    const onHeader: CallSettings['onHeader'] = (header) => seen.push(header('x-request-id'));
    await client.query({ headers: { 'x-request-id': 'mine-1' }, onHeader });
    await client.query({ headers: { 'x-request-id': 'not one "id"' }, onHeader });
    expect(seen).toEqual(['mine-1', expect.stringMatching(/^[0-9a-f-]{36}$/)]);
    expect(calls.map(({ head }) => head.requestId)).toEqual(seen);
  });

  it('is told what is left of its limit', async () => {
    const seen: (string | null)[] = [];
    await client.query({ onHeader: (header) => seen.push(header('ratelimit')) });
    expect(seen).toEqual(['"GRAPH_QUERY";r=7;t=3']);
  });

  it('fails with code, message, reason, fields and request id of the error', async () => {
    run = failWith(
      rpcError(ErrorReason.INVALID_REQUEST, 'not like this: 100 % ü, a/b?', {
        violations: [{ field: 'statement', description: 'must not be empty' }],
      }),
    );
    const settings = { headers: { 'x-request-id': 'mine-2' } };
    const calls = [client.query(settings), collect(client.stream(1, settings))];
    for (const failure of await Promise.all(calls.map(failureOf))) {
      expect(failure).toMatchObject({
        code: 3,
        message: 'not like this: 100 % ü, a/b?',
        reason: 'INVALID_REQUEST',
        fields: ['statement'],
        requestId: 'mine-2',
      });
    }
  });

  it('that is refused is told when to come back, and its request id once', async () => {
    run = (requests, head) => {
      head.responseHeaders.set('ratelimit', '"AI";r=0;t=2');
      return failWith(rpcError(ErrorReason.RATE_LIMITED, 'too many', { retryAfterMs: 1_500 }))(
        requests,
        head,
      );
    };
    const headers = { 'x-request-id': 'mine-3' };
    let onHeaders: ((name: string) => string | null) | undefined;
    const failure = await failureOf(
      client.query({
        headers,
        onHeader: (header) => {
          onHeaders = header;
        },
      }),
    );
    const header = (name: string) => failure.header(name) ?? onHeaders?.(name);
    expect(failure).toMatchObject({ code: 8, reason: 'RATE_LIMITED' });
    // Connect has HTTP's own way to say it.
    if (name.startsWith('gRPC')) expect(header('grpc-retry-pushback-ms')).toBe('1500');
    expect(header('retry-after')).toBe('2');
    expect(header('ratelimit')).toBe('"AI";r=0;t=2');
    expect(header('x-request-id')).toBe('mine-3');
  });

  it('that fails by a bug tells nothing but the request id', async () => {
    run = failWith(new Error('driver text with /a/path'));
    const failure = await failureOf(client.query());
    expect(failure).toMatchObject({ code: 13, reason: 'INTERNAL', requestId: calls[0]?.head.requestId });
    expect(failure.message).not.toContain('path');
  });

  it('whose stream fails midway gives what came before, then the error', async () => {
    run = async function* () {
      yield create(StreamQueryResponseSchema, { done: { rowCount: 5 } });
      throw rpcError(ErrorReason.OUT_OF_MEMORY, 'too big');
    };
    const rows: number[] = [];
    const reading = async () => {
      for await (const row of client.stream(1)) rows.push(row);
    };
    expect(await failureOf(reading())).toMatchObject({ code: 8, reason: 'OUT_OF_MEMORY' });
    expect(rows).toEqual([5]);
  });

  it('has the deadline that its client set, and ends at it', async () => {
    run = wait;
    const startMs = Date.now();
    const failure = await failureOf(client.query({ timeoutMs: 150 }));
    expect(failure.code).toBe(4);
    const deadlineMs = calls[0]?.head.deadlineMs ?? 0;
    expect(deadlineMs).toBeGreaterThanOrEqual(startMs);
    // Its own, and not the one of calls that say nothing.
    expect(deadlineMs).toBeLessThan(startMs + 100_000);
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(true);
  });

  it('whose client gives up ends on the data path, too', async () => {
    run = wait;
    const abort = new AbortController();
    const call = failureOf(client.query({ signal: abort.signal }));
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(false);
    abort.abort();
    expect((await call).code).toBe(1);
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(true);
  });

  it('whose client leaves a stream ends it on the data path', async () => {
    let isEnded = false;
    run = async function* () {
      try {
        for (;;) yield create(StreamQueryResponseSchema, { done: { rowCount: 1 } });
      } finally {
        isEnded = true;
      }
    };
    const abort = new AbortController();
    for await (const _row of client.stream(1, { signal: abort.signal })) break;
    abort.abort();
    await expect.poll(() => isEnded).toBe(true);
  });

  it('that is over leaves no deadline behind', async () => {
    await client.query();
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(true);
  });
});

describe('an upload over gRPC', () => {
  function upload(onEnd: (error: ServiceError | null, rowCount?: number) => void) {
    const decode = (bytes: Buffer) => fromBinary(ImportTableResponseSchema, bytes);
    const path = methodPath(GraphService.method.importTable);
    const stream = grpc.makeClientStreamRequest(
      path,
      (bytes: Buffer) => bytes,
      decode,
      (error, response) => onEnd(error, response?.rowCount),
    );
    return stream;
  }
  const bytesOf = (bytes: number) =>
    serialize(create(ImportTableRequestSchema, { graphId: 'g', body: { data: new Uint8Array(bytes) } }));
  const outcome = () => {
    const { promise, resolve } = deferred<Failure | number | undefined>();
    const stream = upload((error, rowCount) => resolve(error ? toFailure(error) : rowCount));
    return { stream, promise };
  };

  it('carries all its parts', async () => {
    const { stream, promise } = outcome();
    for (let i = 0; i < 50; i++) stream.write(bytesOf(1_000));
    stream.end();
    expect(await promise).toBe(50_000);
  });

  it('that is refused while its client still sends tells why', async () => {
    run = failWith(rpcError(ErrorReason.RATE_LIMITED, 'too many'));
    const { stream, promise } = outcome();
    for (let i = 0; i < 50; i++) stream.write(bytesOf(90_000));
    expect(await promise).toMatchObject({ code: 8, reason: 'RATE_LIMITED' });
    run = answer;
    expect(await grpcClient.query()).toBe('RETURN 1');
  });

  it('with a part that is no message is malformed', async () => {
    const { stream, promise } = outcome();
    stream.write(Buffer.from([0xff, 0xff]));
    stream.end();
    expect(await promise).toMatchObject({ code: 3, reason: 'MALFORMED_BODY' });
  });

  it('with a part beyond the limit is too large', async () => {
    const { stream, promise } = outcome();
    stream.write(bytesOf(messageBytesMax + 1));
    expect(await promise).toMatchObject({ code: 8, reason: 'MESSAGE_TOO_LARGE' });
  });

  it('whose client gives up ends on the data path', async () => {
    const { stream, promise } = outcome();
    stream.write(bytesOf(10));
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(false);
    stream.cancel();
    expect(await promise).toMatchObject({ code: 1 });
    await expect.poll(() => calls[0]?.signal?.aborted).toBe(true);
  });
});

describe('a method that does not exist', () => {
  it('is refused to gRPC with status 12 in one HEADERS frame', async () => {
    const session = connectHttp2(baseUrl());
    const stream = session.request({
      ':method': 'POST',
      ':path': '/trellis.iam.v1.PrincipalService/ResolvePrincipal',
      'content-type': 'application/grpc+proto',
      te: 'trailers',
    });
    stream.resume();
    const [headers, flags] = await once(stream, 'response');
    expect(headers).toMatchObject({
      ':status': 200,
      'grpc-status': '12',
      'content-type': 'application/grpc+proto',
    });
    const endStream = 1;
    expect(flags & endStream).toBe(endStream);
    stream.end();
    await once(stream, 'close');
    session.close();
  });

  it('is refused to gRPC-Web with status 12, over HTTP/1.1', async () => {
    const answered = await fetch(`${baseUrl()}/x.Y/Z`, {
      method: 'POST',
      headers: { 'content-type': 'application/grpc-web+proto' },
      body: new Uint8Array(5),
    });
    expect([answered.status, answered.headers.get('grpc-status')]).toEqual([200, '12']);
  });

  it('is not found for anybody else', async () => {
    expect((await fetch(`${baseUrl()}/x.Y/Z`, { method: 'POST' })).status).toBe(404);
  });
});

describe('a request that does not say its host', () => {
  async function send(request: string): Promise<string> {
    const socket = connect(port.port, '127.0.0.1');
    socket.end(request);
    let text = '';
    for await (const chunk of socket) text += chunk;
    return text.split('\r\n', 1)[0] ?? '';
  }

  it.each([
    ['by HTTP/1.0', 'HTTP/1.0\r\n'],
    ['in a form that no URL has', 'HTTP/1.1\r\nHost: [\r\nConnection: close\r\n'],
  ])('%s is answered like any other, and harms nobody else', async (_name, rest) => {
    const path = methodPath(GraphService.method.query);
    const head = `POST ${path} ${rest}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`;
    expect(await send(head)).toBe('HTTP/1.1 200 OK');
    expect(await grpcClient.query()).toBe('RETURN 1');
    expect(listenerErrors).toEqual([]);
  });

  it('gets the pages of health', async () => {
    expect(await send('GET /healthz HTTP/1.0\r\n\r\n')).toBe('HTTP/1.1 200 OK');
  });
});

describe('pages', () => {
  it('say that the process lives and whether calls are served', async () => {
    const page = async (path: string, method = 'GET') => {
      const answered = await fetch(`${baseUrl()}${path}`, { method });
      const text = await answered.text();
      return [answered.status, text && JSON.parse(text)];
    };
    expect(await page('/healthz')).toEqual([200, { live: true }]);
    expect(await page('/readyz?verbose')).toEqual([
      200,
      { ready: true, checks: { test: true, accepting: true } },
    ]);
    isReady = false;
    expect(await page('/readyz')).toEqual([503, { ready: false, checks: { test: false, accepting: true } }]);
    expect(await page('/readyz', 'HEAD')).toEqual([503, '']);
    expect(await page('/healthz')).toEqual([200, { live: true }]);
    expect(await page('/openapi.json')).toEqual([200, { openapi: '3.1.0' }]);
  });

  it('are not answered to other methods', async () => {
    expect((await fetch(`${baseUrl()}/healthz`, { method: 'POST' })).status).toBe(404);
  });
});
