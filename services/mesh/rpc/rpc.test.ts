import { setTimeout as delay } from 'node:timers/promises';
import { create, type DescMessage, type MessageInitShape, toBinary } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../../gen/google/rpc/error_details_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphService,
  QueryResponseSchema,
  StreamQueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../../gen/trellis/iam/v1/principal_pb.js';
import { createSigner, createVerifier, type Signer } from '../identity/assertion.ts';
import { parseMeshKey } from '../identity/mesh-key.ts';
import { createLogger } from '../log/logger.ts';
import type { Channel } from './channel.ts';
import { createClient } from './client.ts';
import { type CallContext, requirePrincipal } from './context.ts';
import { createDispatcher } from './dispatcher.ts';
import { EncodedMessage } from './encoded-message.ts';
import { type RpcError, rpcError } from './error.ts';
import { createGrpcChannel } from './grpc-channel.ts';
import { type GrpcServer, serveGrpc } from './grpc-server.ts';
import { createInProcessChannel } from './in-process-channel.ts';
import { bindService } from './service.ts';

const log = createLogger('test', 'silent');
const meshKey = parseMeshKey(
  JSON.stringify({
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A',
    x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo',
  }),
);
const otherKey = parseMeshKey(
  JSON.stringify({
    kty: 'OKP',
    crv: 'Ed25519',
    d: 'TM0Imyj_ltqdtsNG7BFOD1uKMZ81q6Yk2oz27U-4pvs',
    x: 'PUAXw-hDiVqStwqnTRt-vJyYLM8uxJaMwM1V8Sr0Zgw',
  }),
);
const principal = create(PrincipalSchema, { principalId: 'usr_1', organizationId: 'org_1' });

/** Contexts that handlers saw, and how streams ended. */
const seen: CallContext[] = [];
const ended: string[] = [];

const encoded = <S extends DescMessage>(schema: S, response: MessageInitShape<S>) =>
  new EncodedMessage(toBinary(schema, create(schema, response)));

const service = bindService(GraphService, {
  query: async (request, context) => {
    seen.push(context);
    if (request.statement === 'bug') throw new Error('driver text with /a/path');
    if (request.statement === 'refuse') {
      throw rpcError(ErrorReason.STATEMENT_INVALID, 'line 3 is wrong', {
        metadata: { line: '3' },
        retryAfterMs: 1500,
      });
    }
    if (request.statement === 'encoded') return encoded(QueryResponseSchema, { revision: 'as bytes' });
    if (request.statement === 'broken') return new EncodedMessage(Uint8Array.of(0xff));
    if (request.statement === 'wait') await delay(30_000, undefined, { signal: context.signal });
    return { rowCount: request.maxRows, revision: requirePrincipal(context).organizationId };
  },
  streamQuery: async function* (request, context) {
    try {
      for (let i = 0; i < request.maxRows; i++) {
        const response = { done: { rowCount: i } };
        yield request.statement === 'encoded' && i % 2 === 1
          ? encoded(StreamQueryResponseSchema, response)
          : response;
      }
    } finally {
      ended.push(`stream of ${context.requestId}`);
    }
  },
  execute: async () => ({}),
  watchImport: async function* () {},
  importTable: async (requests) => {
    let bytes = 0;
    for await (const request of requests) bytes += request.body?.data.length ?? 0;
    return { rowCount: bytes };
  },
  getSchema: async () => ({}),
});

let server: GrpcServer;
let sign: Signer;
const channels = new Map<string, (signer?: Signer) => Channel>();

beforeAll(async () => {
  sign = await createSigner('edge', meshKey.privateKey);
  const verifier = await createVerifier(meshKey.publicKey);
  server = await serveGrpc({ services: [service], verifier, address: '127.0.0.1:0', log });
  const dispatcher = createDispatcher([service], log);
  channels.set('grpc', (signer = sign) => createGrpcChannel(server.endpoint, () => signer()));
  channels.set('in process', (signer = sign) => createInProcessChannel(dispatcher, () => signer()));
});
afterAll(() => server.close());

const failure = (call: Promise<unknown>): Promise<RpcError> =>
  call.then(
    () => expect.fail('succeeded'),
    (e) => e,
  );

describe.each(['grpc', 'in process'])('a call %s', (kind) => {
  const connect = async () => {
    const channel = channels.get(kind)?.();
    if (!channel) throw new Error(kind);
    return { client: createClient(GraphService, channel), caller: await sign(principal) };
  };
  const request = { graphId: 'g', statement: 'RETURN 1' };

  it('carries request, response and the verified principal', async () => {
    const { client, caller } = await connect();
    const response = await client.query({ ...request, maxRows: 7 }, { caller });
    expect(response).toMatchObject({ rowCount: 7, revision: 'org_1' });
  });

  it('carries request id, client address, trace and deadline of the call it is made for', async () => {
    const { client, caller } = await connect();
    const origin = {
      requestId: `req-${kind.length}`,
      clientAddress: '192.0.2.1',
      deadlineMs: Date.now() + 20_000,
      signal: new AbortController().signal,
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true },
    };
    await client.query(request, { caller, context: origin });
    const context = seen.at(-1);
    expect(context).toMatchObject({ requestId: origin.requestId, clientAddress: '192.0.2.1' });
    expect(context?.trace).toMatchObject({ traceId: 'a'.repeat(32), sampled: true });
    expect(Math.abs((context?.deadlineMs ?? 0) - origin.deadlineMs)).toBeLessThan(1_000);
  });

  it('is refused without a principal where the contract wants one', async () => {
    const { client } = await connect();
    expect((await failure(client.query(request))).reason).toBe(ErrorReason.CREDENTIAL_MISSING);
  });

  it('is refused with each field that breaks a rule of the contract', async () => {
    const { client, caller } = await connect();
    const error = await failure(client.query({ graphId: '', statement: '' }, { caller }));
    expect(error.reason).toBe(ErrorReason.INVALID_REQUEST);
    const [detail] = error.details;
    const badRequest = detail && anyUnpack(detail, BadRequestSchema);
    expect(badRequest?.fieldViolations.map(({ field }) => field)).toEqual(['graph_id', 'statement']);
  });

  it('fails with reason, metadata and details of the error', async () => {
    const { client, caller } = await connect();
    const error = await failure(client.query({ ...request, statement: 'refuse' }, { caller }));
    expect(error).toMatchObject({
      reason: ErrorReason.STATEMENT_INVALID,
      code: 3,
      message: 'line 3 is wrong',
      metadata: { line: '3' },
      retryAfterMs: 1500,
    });
  });

  it('does not tell what an unexpected error says', async () => {
    const { client, caller } = await connect();
    const error = await failure(client.query({ ...request, statement: 'bug' }, { caller }));
    expect(error.reason).toBe(ErrorReason.INTERNAL);
    expect(error.message).not.toContain('path');
  });

  it('ends at its deadline, and the handler hears of it', async () => {
    const { client, caller } = await connect();
    const error = await failure(
      client.query({ ...request, statement: 'wait' }, { caller, timeoutMs: 1_000 }),
    );
    expect(error.reason).toBe(ErrorReason.DEADLINE_EXCEEDED);
    await expect.poll(() => seen.at(-1)?.signal.aborted).toBe(true);
  });

  it('ends when its caller gives up, and the handler hears of it', async () => {
    const { client, caller } = await connect();
    const abort = new AbortController();
    const before = seen.length;
    const call = failure(client.query({ ...request, statement: 'wait' }, { caller, signal: abort.signal }));
    await expect.poll(() => seen.length).toBe(before + 1);
    abort.abort();
    expect((await call).reason).toBe(ErrorReason.CANCELLED);
    await expect.poll(() => seen.at(-1)?.signal.aborted).toBe(true);
  });

  it('streams every response in order', async () => {
    const { client, caller } = await connect();
    const rows: number[] = [];
    for await (const { done } of client.streamQuery({ ...request, maxRows: 500 }, { caller })) {
      rows.push(done?.rowCount ?? -1);
    }
    expect(rows).toEqual(Array.from({ length: 500 }, (_, i) => i));
  });

  it('carries an answer that its handler encoded itself', async () => {
    const { client, caller } = await connect();
    const response = await client.query({ ...request, statement: 'encoded' }, { caller });
    expect(response).toMatchObject({ $typeName: 'trellis.graph.v1.QueryResponse', revision: 'as bytes' });
  });

  it('streams encoded answers between others in order', async () => {
    const { client, caller } = await connect();
    const rows: number[] = [];
    for await (const { done } of client.streamQuery(
      { ...request, statement: 'encoded', maxRows: 5 },
      { caller },
    )) {
      rows.push(done?.rowCount ?? -1);
    }
    expect(rows).toEqual([0, 1, 2, 3, 4]);
  });

  it('fails where its handler encoded something else', async () => {
    const { client, caller } = await connect();
    const error = await failure(client.query({ ...request, statement: 'broken' }, { caller }));
    expect(error.name).toBe('RpcError');
  });

  it('ends the stream of the handler when the reader leaves', async () => {
    const { client, caller } = await connect();
    const requestId = `leave-${kind.length}`;
    const context = {
      requestId,
      clientAddress: '',
      deadlineMs: undefined,
      signal: new AbortController().signal,
      trace: { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true },
    };
    for await (const { done } of client.streamQuery(
      { ...request, maxRows: 10_000_000 },
      { caller, context },
    )) {
      if (done?.rowCount === 3) break;
    }
    await expect.poll(() => ended).toContain(`stream of ${requestId}`);
  });

  it('takes a stream of requests, and fails as a whole when the requests fail', async () => {
    const { client, caller } = await connect();
    const chunk = { graphId: 'g', body: { data: new Uint8Array(60_000) } };
    const chunks = async function* (count: number, problem?: Error) {
      for (let i = 0; i < count; i++) yield chunk;
      if (problem) throw problem;
    };
    expect((await client.importTable(chunks(50), { caller })).rowCount).toBe(3_000_000);
    const problem = rpcError(ErrorReason.MALFORMED_BODY, 'cut off');
    const error = await failure(client.importTable(chunks(3, problem), { caller }));
    expect(error.message).toBe('cut off');
  });
});

it('a server answers nobody whose assertion another key signed', async () => {
  const forged = await createSigner('edge', otherKey.privateKey);
  const channel = createGrpcChannel(server.endpoint, () => forged());
  const error = await failure(
    createClient(GraphService, channel).query(
      { graphId: 'g', statement: 'RETURN 1' },
      { caller: await forged(principal) },
    ),
  );
  expect(error.reason).toBe(ErrorReason.CREDENTIAL_INVALID);
  await channel.close();
});

it('a call to nobody fails as unavailable', async () => {
  const channel = createGrpcChannel('127.0.0.1:1', () => sign());
  const error = await failure(createClient(GraphService, channel).getSchema({ graphId: 'g' }));
  expect(error.reason).toBe(ErrorReason.UNAVAILABLE);
  await channel.close();
});
