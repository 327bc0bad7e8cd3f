import { create, type DescMethod, type Message } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorReason } from '../../gen/trellis/common/v1/error_reason_pb.js';
import { CreditService, ListPlansRequestSchema } from '../../gen/trellis/credit/v1/credit_pb.js';
import {
  CatalogService,
  CreateGraphRequestSchema,
  ListGraphsRequestSchema,
} from '../../gen/trellis/graph/v1/catalog_pb.js';
import {
  ExecuteRequestSchema,
  GraphService,
  ImportTableRequestSchema,
  ImportTableResponseSchema,
  QueryRequestSchema,
  QueryResponseSchema,
} from '../../gen/trellis/graph/v1/graph_pb.js';
import { type Placement, PlacementSchema } from '../../gen/trellis/graph/v1/placement_pb.js';
import type { Principal } from '../../gen/trellis/iam/v1/principal_pb.js';
import { PrincipalService, ResolvePrincipalRequestSchema } from '../../gen/trellis/iam/v1/principal_pb.js';
import { Permission } from '../../gen/trellis/policy/v1/policy_pb.js';
import type { CallOptions, Channel } from '../mesh/rpc/channel.ts';
import { rpcError } from '../mesh/rpc/error.ts';
import { bindService, once } from '../mesh/rpc/service.ts';
import { channelTo, deferred, silentLog, TestStream } from '../mesh/rpc/testing.ts';
import { createAdmit } from './admission/admit.ts';
import { graphNotFound } from './admission/authorize.ts';
import { contractServices } from './contract.ts';
import { createMessageForward } from './data-path/message-forward.ts';
import { createForward } from './forward.ts';
import type { InboundCall } from './inbound-call.ts';
import { MethodTable } from './method-table.ts';
import { GraphRouter } from './routing/graph-router.ts';
import type { PlacementTable } from './routing/placement-table.ts';
import { inboundCall, principalOf, reasonOf } from './testing.ts';
import { createChannelUpstream } from './upstream/channel-upstream.ts';

/** The steps that a call went through, in order. */
let steps: string[];
let principal: Principal;
let isLimited: boolean;
let placement: Placement | undefined;
/** What a service does with its requests. */
let answer: (requests: AsyncIterable<Message>, method: DescMethod) => AsyncIterable<Message>;
let options: CallOptions | undefined;
let identify: () => Promise<void>;

beforeEach(() => {
  steps = [];
  principal = principalOf();
  isLimited = false;
  placement = create(PlacementSchema, { graphId: 'g1', organizationId: 'org_ada', endpoint: 'e:1' });
  answer = (_requests, { output }) => once(create(output));
  options = undefined;
  identify = async () => {};
});

const log = { ...silentLog, error: vi.fn() } as unknown as typeof silentLog;

/** A way to services that notes under this name what is called. */
function upstreamNamed(name: string) {
  const channel: Channel = {
    call: (method: DescMethod, requests: AsyncIterable<Message>, given?: CallOptions) => {
      steps.push(`${name} ${method.name}`);
      options = given;
      return answer(requests, method);
    },
    close: async () => {},
  };
  return createChannelUpstream(channel, log);
}

const identifier = {
  identify: async (credential: string) => {
    steps.push(`identify ${credential}`);
    await identify();
    return { service: 'edge', principal, assertion: 'signed' };
  },
  isCurrent: () => true,
  close: async () => {},
};

const placements = {
  find: async (graphId: string) => {
    steps.push(`find ${graphId}`);
    if (!placement) throw graphNotFound();
    return placement;
  },
} as unknown as PlacementTable;

const admit = createAdmit(identifier, async (_policy, who) => {
  steps.push(`limit ${who?.principalId ?? 'anonymous'}`);
  if (isLimited) throw rpcError(ErrorReason.RATE_LIMITED, 'too many');
});

const table = new MethodTable(contractServices);

const forwardTo = (engine: (address: string) => ReturnType<typeof upstreamNamed>) =>
  createMessageForward(
    table,
    createForward({
      admit,
      graphs: new GraphRouter(placements, { get: engine }),
      control: upstreamNamed('control'),
      log,
    }),
  );
const forward = forwardTo(upstreamNamed);

const signedIn = (changes: Partial<InboundCall> = {}) => inboundCall({ credential: 'key', ...changes });

async function call(
  method: DescMethod,
  request: Message | AsyncIterable<Message>,
  inbound = signedIn(),
): Promise<Message[]> {
  const requests = Symbol.asyncIterator in request ? request : once(request);
  const responses: Message[] = [];
  for await (const response of forward(method, requests, inbound)) responses.push(response);
  return responses;
}

const { query, execute, importTable } = GraphService.method;
const queryG1 = create(QueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1' });
const executeG1 = create(ExecuteRequestSchema, { graphId: 'g1', statement: 'CREATE (:A)' });

describe('a call', () => {
  it('of a graph is identified, authorized, limited, routed and run, in this order', async () => {
    await call(query, queryG1);
    expect(steps).toEqual(['identify key', 'limit key_ada', 'find g1', 'e:1 Query']);
  });

  it('of the control plane goes there, with its caller and its origin', async () => {
    const inbound = signedIn();
    await call(CatalogService.method.listGraphs, create(ListGraphsRequestSchema), inbound);
    expect(steps).toEqual(['identify key', 'limit key_ada', 'control ListGraphs']);
    const { requestId, clientAddress, deadlineMs, trace } = inbound;
    expect(options).toEqual({
      context: { requestId, clientAddress, deadlineMs, trace, signal: expect.any(AbortSignal) },
      caller: expect.objectContaining({ principal }),
    });
  });

  it('without a credential is refused before anything else', async () => {
    expect(await reasonOf(call(query, queryG1, inboundCall()))).toBe('CREDENTIAL_MISSING');
    expect(steps).toEqual([]);
  });

  it('without the permission is refused before it takes a token', async () => {
    principal = principalOf({ permissions: [Permission.GRAPH_READ] });
    expect(await reasonOf(call(execute, executeG1))).toBe('PERMISSION_DENIED');
    expect(steps).toEqual(['identify key']);
  });

  it('beyond the limit is refused before it is routed', async () => {
    isLimited = true;
    expect(await reasonOf(call(query, queryG1))).toBe('RATE_LIMITED');
    expect(steps).toEqual(['identify key', 'limit key_ada']);
  });

  it('of a public method needs no credential and looks at none', async () => {
    await call(CreditService.method.listPlans, create(ListPlansRequestSchema), inboundCall());
    await call(CreditService.method.listPlans, create(ListPlansRequestSchema), signedIn());
    expect(steps).toEqual(Array(2).fill(['limit anonymous', 'control ListPlans']).flat());
    expect(options).not.toHaveProperty('caller');
  });

  it('of a method between services is not passed on', async () => {
    const request = create(ResolvePrincipalRequestSchema);
    await expect(call(PrincipalService.method.resolvePrincipal, request)).rejects.toThrow(
      'not a public method',
    );
    expect(steps).toEqual([]);
  });

  it('answers with every response, and fails with what the service fails with', async () => {
    const responses = ['a', 'b'].map((revision) => create(QueryResponseSchema, { revision }));
    answer = async function* () {
      yield* responses;
      throw rpcError(ErrorReason.GRAPH_BUSY, 'busy');
    };
    const seen: Message[] = [];
    const reading = async () => {
      for await (const response of forward(query, once(queryG1), signedIn())) seen.push(response);
    };
    expect(await reasonOf(reading())).toBe('GRAPH_BUSY');
    expect(seen).toEqual(responses);
  });
});

describe('a graph', () => {
  const answerFor = (graphs: Placement | undefined) => {
    placement = graphs;
    return call(query, queryG1).then(
      () => 'ran',
      ({ reason, code, message, metadata, details }) => ({ reason, code, message, metadata, details }),
    );
  };

  it('of another organization answers exactly like a missing one', async () => {
    const foreign = create(PlacementSchema, { graphId: 'g1', organizationId: 'org_eve', endpoint: 'e:1' });
    const missing = await answerFor(undefined);
    expect(await answerFor(foreign)).toEqual(missing);
    expect(missing).toMatchObject({ reason: ErrorReason.GRAPH_NOT_FOUND });
    expect(steps).not.toContain('e:1 Query');
  });

  it('outside the restriction of a key answers like a missing one', async () => {
    principal = principalOf({ graphIds: ['g2'] });
    expect(await reasonOf(call(query, queryG1))).toBe('GRAPH_NOT_FOUND');
    principal = principalOf({ graphIds: ['g1', 'g2'] });
    expect(await reasonOf(call(query, queryG1))).toBe('no error');
  });

  it('that is not named is told as a missing field', async () => {
    const error = await call(query, create(QueryRequestSchema)).catch((thrown) => thrown);
    expect(error.reason).toBe(ErrorReason.INVALID_REQUEST);
    expect(error.details).toHaveLength(1);
  });

  it('of an upload is named by the first message; the others follow it', async () => {
    const parts = ['g1', '', ''].map((graphId) => create(ImportTableRequestSchema, { graphId }));
    const upload = new TestStream<Message>();
    upload.send(...parts);
    upload.end();
    const seen: Message[] = [];
    answer = async function* (requests) {
      for await (const part of requests) seen.push(part);
      yield create(ImportTableResponseSchema);
    };
    await call(importTable, upload);
    expect(seen).toEqual(parts);
    expect(steps).toContain('find g1');
  });

  it('of an upload without a message is a malformed call', async () => {
    const upload = new TestStream<Message>();
    upload.end();
    expect(await reasonOf(call(importTable, upload))).toBe('MALFORMED_BODY');
  });
});

describe('a call ends at once', () => {
  const client = () => {
    const abort = new AbortController();
    return { abort, inbound: signedIn({ signal: abort.signal }) };
  };

  it('when its client is gone while it waits to be identified', async () => {
    identify = () => deferred().promise;
    const { abort, inbound } = client();
    const ended = reasonOf(call(query, queryG1, inbound));
    await expect.poll(() => steps).toEqual(['identify key']);
    abort.abort();
    expect(await ended).toBe('CANCELLED');
  });

  it('at its deadline while it waits for the first part of an upload', async () => {
    const inbound = signedIn({ endMs: Date.now() });
    expect(await reasonOf(call(importTable, new TestStream<Message>(), inbound))).toBe('DEADLINE_EXCEEDED');
  });

  it('when its client is gone while the upstream call waits for more of an upload', async () => {
    const read = deferred<string>();
    answer = async function* (requests) {
      const reading = async () => {
        for await (const _part of requests);
      };
      read.resolve(await reasonOf(reading()));
      yield create(ImportTableResponseSchema);
    };
    const upload = new TestStream<Message>();
    upload.send(create(ImportTableRequestSchema, { graphId: 'g1' }));
    const { abort, inbound } = client();
    const ended = reasonOf(call(importTable, upload, inbound));
    await expect.poll(() => steps).toContain('e:1 ImportTable');
    abort.abort();
    expect([await ended, await read.promise]).toEqual(['CANCELLED', 'CANCELLED']);
  });

  // The edge passes the end on at once; the service's dispatcher waits a moment for what may take it back.
  it('when its client turns out to be gone just after its upload ended as if complete', async () => {
    const begun = deferred();
    const read = deferred<string>();
    const unused = () => Promise.reject(new Error('not called'));
    const engine = bindService(GraphService, {
      query: unused,
      execute: unused,
      getSchema: unused,
      streamQuery: async function* () {},
      watchImport: async function* () {},
      importTable: async (requests) => {
        const reading = async () => {
          for await (const _part of requests) begun.resolve();
        };
        read.resolve(await reasonOf(reading()));
        return {};
      },
    });
    const toEngine = forwardTo(() => createChannelUpstream(channelTo(engine), log));
    const upload = new TestStream<Message>();
    upload.send(create(ImportTableRequestSchema, { graphId: 'g1' }));
    const { abort, inbound } = client();
    const ended = reasonOf(toEngine(importTable, upload, inbound)[Symbol.asyncIterator]().next());
    await begun.promise;
    upload.end();
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    abort.abort();
    expect([await ended, await read.promise]).toEqual(['CANCELLED', 'CANCELLED']);
  });

  it('when its client is gone between two responses, and ends the upstream call', async () => {
    const source = new TestStream<Message>();
    let isEnded = false;
    answer = async function* () {
      try {
        yield* source;
      } finally {
        isEnded = true;
      }
    };
    const response = create(QueryResponseSchema, { revision: 'r1' });
    source.send(response);
    const { abort, inbound } = client();
    const responses = forward(query, once(queryG1), inbound)[Symbol.asyncIterator]();
    expect((await responses.next()).value).toEqual(response);
    const next = reasonOf(responses.next());
    abort.abort();
    expect(await next).toBe('CANCELLED');
    source.send(response);
    await expect.poll(() => isEnded).toBe(true);
  });

  it('when its reader leaves, and the upstream call with it', async () => {
    let isEnded = false;
    answer = async function* () {
      try {
        for (;;) yield create(QueryResponseSchema, { revision: 'r1' });
      } finally {
        isEnded = true;
      }
    };
    for await (const _response of forward(query, once(queryG1), signedIn())) break;
    await expect.poll(() => isEnded).toBe(true);
  });
});

describe('the log has the cause of', () => {
  it('what fails by a bug, under the request id', async () => {
    const bug = new Error('a bug');
    answer = () => {
      throw bug;
    };
    await call(query, queryG1).catch(() => {});
    expect(log.error).toHaveBeenLastCalledWith(
      { err: bug, requestId: 'request-1', method: '/trellis.graph.v1.GraphService/Query' },
      expect.any(String),
    );
  });

  it('no ordinary failure', async () => {
    vi.mocked(log.error).mockClear();
    isLimited = true;
    await reasonOf(call(CatalogService.method.createGraph, create(CreateGraphRequestSchema)));
    expect(log.error).not.toHaveBeenCalled();
  });
});
