import { create, type DescMethod, type Message } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  ExecuteRequestSchema,
  GraphService,
  ImportTableRequestSchema,
  QueryRequestSchema,
  StreamQueryRequestSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type Placement, PlacementSchema } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { bindService, once } from '../../mesh/rpc/service.ts';
import { channelTo, silentLog, TestStream } from '../../mesh/rpc/testing.ts';
import { createForward } from '../forward.ts';
import type { InboundCall } from '../inbound-call.ts';
import { MethodTable } from '../method-table.ts';
import { GraphRouter } from '../routing/graph-router.ts';
import type { PlacementTable } from '../routing/placement-table.ts';
import { inboundCall, principalOf, reasonOf } from '../testing.ts';
import { createChannelUpstream } from '../upstream/channel-upstream.ts';
import { createMessageForward } from './message-forward.ts';

const caller = { service: 'edge', principal: principalOf(), assertion: 'signed' };

/** Errors as the channel makes them of what happens to connections. */
const notSent = () => unreachable('14 UNAVAILABLE: No connection established. Last error: ECONNREFUSED');
const lost = () => unreachable('14 UNAVAILABLE: read ECONNRESET');
const unreachable = (message: string) =>
  rpcError(ErrorReason.UNAVAILABLE, 'not reachable', { cause: new Error(message) });

let placement: Placement;
let called: string[];
let forgotten: string[];
let woken: string[];
/** What the engine at each address does; `old:1` serves unless told otherwise. */
let engines: Record<string, () => void>;
let imported: number[];
let wake: () => Promise<Placement>;

beforeEach(() => {
  placement = create(PlacementSchema, {
    graphId: 'g1',
    organizationId: 'org_ada',
    endpoint: 'old:1',
    epoch: 1n,
  });
  called = [];
  forgotten = [];
  woken = [];
  engines = {};
  imported = [];
  wake = async () => ({ ...placement, endpoint: `new:${woken.length}`, epoch: 2n });
});

const placements = {
  find: async () => placement,
  wake: (graphId: string, unreachableAt: string) => {
    woken.push(`${graphId}, not at ${unreachableAt || 'all'}`);
    return wake();
  },
  forgetEndpoint: ({ endpoint }: Placement) => void forgotten.push(endpoint),
} as unknown as PlacementTable;

function connect(address: string) {
  const act = () => {
    called.push(address);
    engines[address]?.();
  };
  const channel = channelTo(
    bindService(GraphService, {
      query: async () => {
        act();
        return { revision: address };
      },
      streamQuery: async function* () {
        yield { done: { rowCount: 1 } };
        act();
      },
      execute: async () => {
        act();
        return { revision: address };
      },
      watchImport: async function* () {},
      importTable: async (requests) => {
        for await (const { body } of requests) imported.push(body?.data.length ?? 0);
        act();
        return {};
      },
      getSchema: async () => ({}),
    }),
  );
  return createChannelUpstream(channel, silentLog);
}

const forward = createMessageForward(
  new MethodTable([GraphService]),
  createForward({
    admit: async () => caller,
    graphs: new GraphRouter(placements, { get: connect }),
    control: connect('control:1'),
    log: silentLog,
  }),
);

async function run(
  method: DescMethod = GraphService.method.query,
  request: Message | AsyncIterable<Message> = query,
  call: InboundCall = inboundCall(),
): Promise<Message[]> {
  const requests = Symbol.asyncIterator in request ? request : once(request);
  const responses: Message[] = [];
  for await (const response of forward(method, requests, call)) responses.push(response);
  return responses;
}

const query = create(QueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1' });
const execute = () =>
  run(GraphService.method.execute, create(ExecuteRequestSchema, { graphId: 'g1', statement: 'CREATE (:A)' }));
const stream = () =>
  run(
    GraphService.method.streamQuery,
    create(StreamQueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1' }),
  );
const part = (bytes: number) =>
  create(ImportTableRequestSchema, { graphId: 'g1', table: 'A', body: { data: new Uint8Array(bytes) } });
const upload = (...parts: readonly number[]) => {
  const requests = new TestStream<Message>();
  requests.send(...parts.map(part));
  requests.end();
  return run(GraphService.method.importTable, requests);
};

describe('a call', () => {
  it('goes to the endpoint of the placement, asking nobody', async () => {
    expect(await run()).toMatchObject([{ revision: 'old:1' }]);
    expect(woken).toEqual([]);
  });

  it('to a sleeping graph wakes it first', async () => {
    placement = { ...placement, endpoint: '' };
    expect(await run()).toMatchObject([{ revision: 'new:1' }]);
    expect(woken).toEqual(['g1, not at all']);
  });

  it('fails with what waking fails with', async () => {
    wake = () => Promise.reject(rpcError(ErrorReason.NO_CAPACITY, 'full'));
    placement = { ...placement, endpoint: '' };
    expect(await reasonOf(run())).toBe('NO_CAPACITY');
    expect(called).toEqual([]);
  });

  it('is made once where the engine itself answers with an error, even UNAVAILABLE', async () => {
    engines['old:1'] = () => {
      throw rpcError(ErrorReason.UNAVAILABLE, 'the engine says so');
    };
    expect(await reasonOf(run())).toBe('UNAVAILABLE');
    expect(called).toEqual(['old:1']);
    expect(forgotten).toEqual([]);
  });
});

describe('an engine process that is lost', () => {
  it('before a read was answered: the read is made again where the graph is next', async () => {
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await run()).toMatchObject([{ revision: 'new:1' }]);
    expect(forgotten).toEqual(['old:1']);
    expect(woken).toEqual(['g1, not at old:1']);
    expect(called).toEqual(['old:1', 'new:1']);
  });

  it('before a write was sent: the write is made again', async () => {
    engines['old:1'] = () => {
      throw notSent();
    };
    expect(await execute()).toMatchObject([{ revision: 'new:1' }]);
    expect(called).toEqual(['old:1', 'new:1']);
  });

  it('after a write was sent: its outcome is unknown, and it is not made again', async () => {
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(execute())).toBe('OUTCOME_UNKNOWN');
    expect(called).toEqual(['old:1']);
    expect(forgotten).toEqual(['old:1']);
  });

  it('after a stream began: it ends with an error, and rows come not twice', async () => {
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(stream())).toBe('UNAVAILABLE');
    expect(called).toEqual(['old:1']);
  });

  it('during an upload: the outcome is unknown, and what was sent is not sent again', async () => {
    await upload(1, 2, 3);
    expect(imported).toEqual([1, 2, 3]);
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(upload(1, 2, 3))).toBe('OUTCOME_UNKNOWN');
    expect(called).toEqual(['old:1', 'old:1']);
  });

  it('before an upload was taken: all of it is sent to the next one, as long as all of it is kept', async () => {
    engines['old:1'] = () => {
      throw notSent();
    };
    await upload(1, 2, 3);
    expect(imported).toEqual([1, 2, 3, 1, 2, 3]);
    called = [];
    const parts = Array<number>(5).fill(1_000_000);
    expect(await reasonOf(upload(...parts))).toBe('UNAVAILABLE');
    expect(called).toEqual(['old:1']);
  });

  it('again and again: a read is given up after three attempts', async () => {
    for (const address of ['old:1', 'new:1', 'new:2']) {
      engines[address] = () => {
        throw lost();
      };
    }
    expect(await reasonOf(run())).toBe('UNAVAILABLE');
    expect(called).toEqual(['old:1', 'new:1', 'new:2']);
  });

  it('with a caller that gave up: nothing is made again', async () => {
    const client = new AbortController();
    engines['old:1'] = () => {
      client.abort();
      throw lost();
    };
    const call = reasonOf(run(undefined, undefined, inboundCall({ signal: client.signal })));
    expect(await call).not.toBe('no error');
    expect(woken).toEqual([]);
  });
});
