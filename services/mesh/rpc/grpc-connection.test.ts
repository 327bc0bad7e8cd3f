import { duplexPair } from 'node:stream';
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { StatusSchema } from '../../../gen/google/rpc/status_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphService,
  ImportTableRequestSchema,
  QueryRequestSchema,
  QueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { deflate } from '../framing/compression.ts';
import { frame as envelope } from '../framing/envelope.ts';
import { clientPreface, frameType } from '../http2/frame.ts';
import type { Fields } from '../http2/stream.ts';
import {
  blockOf,
  dataFrame,
  headersFrame,
  RawPeer,
  type StreamLog,
  settingsFrame,
  TestClient,
} from '../http2/testing.ts';
import type { Verifier } from '../identity/assertion.ts';
import { fc } from '../properties.testing.ts';
import type { CallContext } from './context.ts';
import { DeadlineWatch } from './deadline-watch.ts';
import { createDispatcher } from './dispatcher.ts';
import { fromStatus, rpcError } from './error.ts';
import { GrpcConnection } from './grpc-connection.ts';
import { messageBytesMax } from './limits.ts';
import { bindService, type Handlers } from './service.ts';
import { deferred, silentLog } from './testing.ts';

const caller = { service: 'edge', principal: create(PrincipalSchema), assertion: 'signed' };
const clients: { close(): unknown }[] = [];
afterEach(() => {
  vi.useRealTimers();
  for (const client of clients.splice(0)) client.close();
});

function serve(changes: Partial<Handlers<typeof GraphService>> = {}, verifier: Verifier = () => caller) {
  const service = bindService(GraphService, {
    query: async ({ statement }) => ({ revision: statement }),
    streamQuery: async function* () {},
    execute: async () => ({}),
    watchImport: async function* () {},
    importTable: async (requests) => {
      let rowCount = 0;
      for await (const _ of requests) rowCount++;
      return { rowCount };
    },
    getSchema: async () => ({}),
    ...changes,
  });
  const dispatcher = createDispatcher([service], silentLog);
  const [ours, theirs] = duplexPair();
  clients.push({ close: () => theirs.destroy() });
  const server = { dispatcher, verifier, deadlines: new DeadlineWatch(), log: silentLog };
  return { connection: new GrpcConnection(ours, server), ours, theirs };
}

function connect(...args: Parameters<typeof serve>) {
  const { connection, theirs } = serve(...args);
  return { connection, socket: theirs, client: new TestClient(theirs) };
}

const head = (changes: Readonly<Record<string, string>> = {}): Fields =>
  Object.entries({
    ':method': 'POST',
    ':scheme': 'http',
    ':path': '/trellis.graph.v1.GraphService/Query',
    ':authority': 'mesh',
    'content-type': 'application/grpc',
    te: 'trailers',
    'x-trellis-assertion': 'signed',
    ...changes,
  }).flat();
const toUpload = { ':path': '/trellis.graph.v1.GraphService/ImportTable' };
const toStream = { ':path': '/trellis.graph.v1.GraphService/StreamQuery' };

const bytesOf = (request: MessageInitShape<typeof QueryRequestSchema>) =>
  toBinary(QueryRequestSchema, create(QueryRequestSchema, { graphId: 'g', ...request }));
const ask = envelope(bytesOf({ statement: 'RETURN 1' }));
const part = envelope(toBinary(ImportTableRequestSchema, create(ImportTableRequestSchema, { graphId: 'g' })));

/** Makes a call whose request is these bytes; resolves when it is answered. */
async function call(
  { client }: { readonly client: TestClient },
  fields: Fields,
  ...chunks: readonly Buffer[]
): Promise<StreamLog> {
  const { stream, log } = client.request(fields);
  for (const chunk of chunks) stream.write(chunk);
  stream.end();
  await log.until(() => log.isEnded || log.reset !== undefined);
  return log;
}

const fieldOf = (fields: Fields, name: string) =>
  fields.includes(name) ? fields[fields.indexOf(name) + 1] : undefined;
const endOf = ({ heads }: StreamLog): Fields => heads.at(-1)?.fields ?? [];

/** The reason that an answer ends with. */
function reasonOf(log: StreamLog): string {
  const details = fieldOf(endOf(log), 'grpc-status-details-bin');
  if (details === undefined) return `grpc-status ${fieldOf(endOf(log), 'grpc-status')}`;
  const error = fromStatus(fromBinary(StatusSchema, Buffer.from(details, 'base64')));
  expect(fieldOf(endOf(log), 'grpc-status')).toBe(String(error.code));
  return ErrorReason[error.reason] ?? '';
}

describe('a call of one message', () => {
  it('is answered by head, message and trailers in one write', async () => {
    const { theirs } = serve();
    const chunks: Buffer[] = [];
    const peer = new RawPeer(theirs).greet();
    await peer.settled();
    theirs.on('data', (chunk: Buffer) => chunks.push(chunk));
    peer.send(headersFrame(1, false, blockOf(head())), dataFrame(1, ask, true));
    await peer.until(() => peer.frames.filter(({ streamId }) => streamId === 1).length === 3);
    const types = peer.frames.filter(({ streamId }) => streamId === 1).map(({ type }) => type);
    expect(types).toEqual([frameType.headers, frameType.data, frameType.headers]);
    expect(chunks).toHaveLength(1);
  });

  it('has the fields that gRPC wants', async () => {
    const log = await call(connect(), head(), ask);
    expect(log.heads).toEqual([
      { fields: [':status', '200', 'content-type', 'application/grpc+proto'], isLast: false },
      { fields: ['grpc-status', '0'], isLast: true },
    ]);
    expect([...log.data.subarray(0, 5)]).toEqual([0, 0, 0, 0, log.bytes - 5]);
    expect(fromBinary(QueryResponseSchema, log.data.subarray(5)).revision).toBe('RETURN 1');
  });

  it('may come in any pieces', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(200), { minLength: 1, maxLength: 40 }), async (sizes) => {
        const { theirs } = serve();
        const peer = new RawPeer(theirs);
        const bytes = Buffer.concat([
          clientPreface,
          settingsFrame(),
          headersFrame(1, false, blockOf(head())),
          ...[...ask].map((byte) => dataFrame(1, Buffer.of(byte))),
          dataFrame(1, '', true),
          headersFrame(3, false, blockOf(head(toUpload))),
          dataFrame(3, Buffer.concat([part, part.subarray(0, 3)])),
          dataFrame(3, Buffer.concat([part.subarray(3), part]), true),
        ]);
        let at = 0;
        for (let i = 0; at < bytes.length; i++) {
          const size = 1 + (sizes[i % sizes.length] ?? 0);
          theirs.write(bytes.subarray(at, at + size));
          at += size;
        }
        const answersOf = (id: number) =>
          peer.frames.filter(({ streamId }) => streamId === id).map(({ type }) => type);
        await peer.until(() => answersOf(1).length === 3 && answersOf(3).length === 3);
        const [one, many] = [1, 3].map(
          (id) =>
            peer.frames.find(({ streamId, type }) => streamId === id && type === frameType.data)?.payload,
        );
        expect(one?.subarray(5).toString('latin1')).toContain('RETURN 1');
        // row_count = 3
        expect([...(many ?? [])].slice(5)).toContain(3);
        theirs.destroy();
      }),
      { numRuns: 30 },
    );
  });

  it('waits for its caller to be verified', async () => {
    const verified = deferred<typeof caller>();
    const server = connect({}, () => verified.promise);
    const answer = call(server, head(), ask);
    await server.client.settled();
    verified.resolve(caller);
    expect(reasonOf(await answer)).toBe('grpc-status 0');
  });

  it('tells nothing of its answer before the request is complete', async () => {
    const server = connect();
    const { stream, log } = server.client.request(head());
    stream.write(ask);
    await server.client.settled();
    expect(log.heads).toEqual([]);
    stream.end();
    await log.until(() => log.isEnded);
    expect(reasonOf(log)).toBe('grpc-status 0');
  });

  it.each([
    ['gzip', 'gzip'],
    ['deflate', 'deflate'],
  ] as const)('may be compressed with %s, small or large', async (_name, encoding) => {
    const statement = 'RETURN 1 '.repeat(50_000);
    const server = connect();
    for (const text of ['RETURN 1', statement]) {
      const bytes = Buffer.from(bytesOf({ statement: text }));
      const log = await call(
        server,
        head({ 'grpc-encoding': encoding }),
        envelope(await deflate(encoding, bytes), 1),
      );
      expect(fromBinary(QueryResponseSchema, log.data.subarray(5)).revision).toBe(text);
    }
  });
});

describe('a call is refused', () => {
  it.each<[string, string, Fields, Buffer[]]>([
    ['whose method nobody serves', 'METHOD_NOT_FOUND', head({ ':path': '/x.Y/Z' }), [ask]],
    ['whose time limit cannot be read', 'INVALID_REQUEST', head({ 'grpc-timeout': '1s' }), [ask]],
    ['without a message', 'MESSAGE_COUNT_INVALID', head(), []],
    ['with two messages in one chunk', 'MESSAGE_COUNT_INVALID', head(), [Buffer.concat([ask, ask])]],
    ['with two messages', 'MESSAGE_COUNT_INVALID', head(), [ask, ask]],
    ['that breaks off within a message', 'MALFORMED_BODY', head(), [ask.subarray(0, 9)]],
    ['whose message is no protobuf', 'MALFORMED_BODY', head(), [envelope(Buffer.of(7))]],
    ['with flags that mean nothing', 'MALFORMED_BODY', head(), [envelope(Buffer.of(), 2)]],
    ['that is compressed without saying how', 'MALFORMED_BODY', head(), [envelope(Buffer.of(1), 1)]],
    [
      'that is compressed in a way nobody knows',
      'ENCODING_UNSUPPORTED',
      head({ 'grpc-encoding': 'snappy' }),
      [envelope(Buffer.of(1), 1)],
    ],
    ['that says it is larger than the limit', 'MESSAGE_TOO_LARGE', head(), [Buffer.of(0, 0, 0x40, 0, 1)]],
    [
      'in a stream of requests that says it is larger than the limit',
      'MESSAGE_TOO_LARGE',
      head(toUpload),
      [part, Buffer.of(0, 0, 0x40, 0, 1)],
    ],
    ['in a stream of requests that breaks off', 'MALFORMED_BODY', head(toUpload), [part.subarray(0, 4)]],
    ['that breaks a rule of the contract', 'INVALID_REQUEST', head(), [envelope(bytesOf({ graphId: '' }))]],
  ])('%s', async (_name, reason, fields, chunks) => {
    const log = await call(connect(), fields, ...chunks);
    expect(reasonOf(log)).toBe(reason);
    // Trailers only: one list of fields is all of it.
    expect(log.heads).toHaveLength(1);
    expect(endOf(log).slice(0, 4)).toEqual([':status', '200', 'content-type', 'application/grpc+proto']);
  });

  it('with what compressions there are, where it had another', async () => {
    const log = await call(connect(), head({ 'grpc-encoding': 'snappy' }), envelope(Buffer.of(1), 1));
    expect(fieldOf(endOf(log), 'grpc-accept-encoding')).toContain('gzip');
  });

  it.each([
    ['405', { ':method': 'GET' }],
    ['415', { 'content-type': 'application/json' }],
  ])('with HTTP status %s where it is no gRPC', async (status, changes) => {
    const log = await call(connect(), head(changes));
    expect(endOf(log)).toEqual([':status', status, 'content-length', '0']);
  });

  it('whose caller is not verified, before its request came', async () => {
    const verifier = () => Promise.reject(rpcError(ErrorReason.CREDENTIAL_INVALID, 'no'));
    const { client } = connect({}, verifier);
    const { log } = client.request(head());
    await log.until(() => log.isEnded);
    expect(reasonOf(log)).toBe('CREDENTIAL_INVALID');
  });

  it('whose answer is larger than the limit', async () => {
    const server = connect({ query: async () => ({ revision: 'x'.repeat(messageBytesMax) }) });
    expect(reasonOf(await call(server, head(), ask))).toBe('MESSAGE_TOO_LARGE');
  });

  it('with a message that any text may be in', async () => {
    const server = connect({
      query: () => Promise.reject(rpcError(ErrorReason.STATEMENT_INVALID, 'Zeile 1:\n100 % falsch – ü')),
    });
    const log = await call(server, head(), ask);
    const message = fieldOf(endOf(log), 'grpc-message') ?? '';
    expect(message).toMatch(/^[ -~]+$/);
    expect(decodeURIComponent(message)).toBe('Zeile 1:\n100 % falsch – ü');
  });
});

describe('a handler', () => {
  /** A call whose handler waits until the test has seen its context. */
  async function waiting(fields: Fields, asksSignal = true) {
    const begun = deferred<CallContext>();
    const over = deferred();
    const server = connect({
      query: async (_request, context) => {
        if (asksSignal) context.signal.addEventListener('abort', () => over.resolve());
        begun.resolve(context);
        await over.promise;
        return {};
      },
    });
    const { stream, log } = server.client.request(fields);
    stream.write(ask);
    stream.end();
    return { ...server, stream, log, over, context: await begun.promise };
  }

  it('hears that its client reset the call', async () => {
    const { stream, context, over } = await waiting(head());
    stream.reset(8);
    await over.promise;
    expect(context.signal.aborted).toBe(true);
  });

  it('hears that the connection is gone', async () => {
    const { socket, over } = await waiting(head());
    socket.destroy();
    await over.promise;
  });

  it('that asks late whether its call has ended is told so', async () => {
    const { stream, client, context, over } = await waiting(head(), false);
    expect(context.signal.aborted).toBe(false);
    const other = await waiting(head(), false);
    stream.reset(8);
    await client.settled();
    expect([context.signal.aborted, other.context.signal.aborted]).toEqual([true, false]);
    over.resolve();
    other.over.resolve();
  });

  it('hears of the deadline, and so does its client, whatever the handler does', async () => {
    const { log, context, over } = await waiting(head({ 'grpc-timeout': '50m' }));
    await over.promise;
    await log.until(() => log.isEnded);
    expect(reasonOf(log)).toBe('DEADLINE_EXCEEDED');
    expect(context.signal.aborted).toBe(true);
  });

  it('of a stream is held back by a client that does not read, and ended when that leaves', async () => {
    let sent = 0;
    const ended = deferred();
    const server = connect({
      streamQuery: async function* () {
        try {
          for (;;) {
            sent++;
            yield { columns: [{ name: 'x'.repeat(10_000) }] };
          }
        } finally {
          ended.resolve();
        }
      },
    });
    const { stream, log } = server.client.request(head(toStream));
    stream.pause();
    stream.write(ask);
    stream.end();
    await log.until(() => true);
    let before = -1;
    while (sent === 0 || sent !== before) {
      before = sent;
      await server.client.settled();
    }
    expect(sent * 10_000).toBeLessThan(3 * 2 ** 20);
    stream.reset(8);
    await ended.promise;
  });

  it('of a stream that fails ends it by trailers after what it gave', async () => {
    const server = connect({
      streamQuery: async function* () {
        yield {};
        throw rpcError(ErrorReason.STATEMENT_INVALID, 'no');
      },
    });
    const log = await call(server, head(toStream), ask);
    expect(log.heads).toHaveLength(2);
    expect([log.bytes, reasonOf(log)]).toEqual([5, 'STATEMENT_INVALID']);
  });
});

describe('a connection', () => {
  it('that is to end lets the call under way finish and takes no new ones', async () => {
    const answer = deferred();
    const server = connect({ query: () => answer.promise.then(() => ({})) });
    const { stream, log } = server.client.request(head());
    stream.write(ask);
    stream.end();
    await server.client.settled();
    server.connection.drain();
    await server.client.until(() => server.client.goaways.length > 0);
    expect(server.client.connection.takesStreams).toBe(false);
    answer.resolve();
    await log.until(() => log.isEnded);
    expect(reasonOf(log)).toBe('grpc-status 0');
    await server.client.until(() => server.client.isClosed);
  });

  it('forgets an upload that was answered before all of it was read', async () => {
    const begun = deferred();
    const answer = deferred();
    const server = connect({
      importTable: async () => {
        begun.resolve();
        await answer.promise;
        return {};
      },
    });
    const large = create(ImportTableRequestSchema, { graphId: 'g', body: { data: new Uint8Array(100_000) } });
    const { stream, log } = server.client.request(head(toUpload));
    for (let i = 0; i < 3; i++) stream.write(envelope(toBinary(ImportTableRequestSchema, large)));
    stream.end();
    await begun.promise;
    await server.client.settled();
    answer.resolve();
    await log.until(() => log.isEnded);
    server.connection.drain();
    await server.client.until(() => server.client.isClosed);
  });

  it('is cut where its client shows no sign of life', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const { theirs } = serve();
    const peer = new RawPeer(theirs).greet();
    await peer.next(frameType.settings);
    vi.advanceTimersByTime(20_000);
    await peer.next(frameType.ping);
    vi.advanceTimersByTime(5_000);
    await peer.until(() => peer.isEnded);
  });

  it('whose client answers is not', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
    const server = connect();
    await server.client.settled();
    for (let i = 0; i < 3; i++) {
      vi.advanceTimersByTime(20_000);
      // The second time, its answer to the server has come there, too.
      await server.client.settled();
      await server.client.settled();
    }
    expect(reasonOf(await call(server, head(), ask))).toBe('grpc-status 0');
  });
});
