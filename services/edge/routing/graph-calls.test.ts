import { create, type Message } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  ExecuteRequestSchema,
  GraphService,
  type ImportTableRequest,
  ImportTableRequestSchema,
  QueryRequestSchema,
  StreamQueryRequestSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type Placement, PlacementSchema } from '../../../gen/trellis/graph/v1/placement_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { bindService } from '../../mesh/rpc/service.ts';
import { channelTo } from '../../mesh/rpc/testing.ts';
import { inboundCall, principalOf, reasonOf } from '../testing.ts';
import { type GraphCall, GraphCalls } from './graph-calls.ts';
import type { PlacementTable } from './placement-table.ts';

const placement = create(PlacementSchema, { graphId: 'g1', endpoint: 'old:1', epoch: 1n });
const caller = { service: 'edge', principal: principalOf(), assertion: 'signed' };

/** Errors as the channel makes them of what happens to connections. */
const notSent = () => unreachable('14 UNAVAILABLE: No connection established. Last error: ECONNREFUSED');
const lost = () => unreachable('14 UNAVAILABLE: read ECONNRESET');
const unreachable = (message: string) =>
  rpcError(ErrorReason.UNAVAILABLE, 'not reachable', { cause: new Error(message) });

let called: string[];
let forgotten: string[];
let woken: string[];
/** What the engine at each address does; `old:1` serves unless told otherwise. */
let engines: Record<string, () => void>;
let imported: number[];
let wake: () => Promise<Placement>;

beforeEach(() => {
  called = [];
  forgotten = [];
  woken = [];
  engines = {};
  imported = [];
  wake = async () => ({ ...placement, endpoint: `new:${woken.length}`, epoch: 2n });
});

const table = {
  wake: (graphId: string, unreachable: string) => {
    woken.push(`${graphId}, not at ${unreachable || 'all'}`);
    return wake();
  },
  forgetEndpoint: ({ endpoint }: Placement) => void forgotten.push(endpoint),
} as unknown as PlacementTable;

function connect(address: string) {
  const act = () => {
    called.push(address);
    engines[address]?.();
  };
  return channelTo(
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
      importTable: async (requests) => {
        for await (const { body } of requests) imported.push(body?.data.length ?? 0);
        act();
        return {};
      },
      getSchema: async () => ({}),
    }),
  );
}

async function* none() {}

async function run(changes: Partial<GraphCall> = {}): Promise<Message[]> {
  const graphs = new GraphCalls(table, { get: connect, close: async () => {} });
  const call: GraphCall = {
    method: GraphService.method.query,
    placement,
    first: create(QueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1' }),
    rest: none(),
    options: { context: inboundCall(), caller },
    ...changes,
  };
  const responses: Message[] = [];
  for await (const response of graphs.run(call)) responses.push(response);
  return responses;
}

const execute = {
  method: GraphService.method.execute,
  first: create(ExecuteRequestSchema, { graphId: 'g1', statement: 'CREATE (:A)' }),
};

const stream = {
  method: GraphService.method.streamQuery,
  first: create(StreamQueryRequestSchema, { graphId: 'g1', statement: 'RETURN 1' }),
};

describe('a call', () => {
  it('goes to the endpoint of the placement, asking nobody', async () => {
    expect(await run()).toMatchObject([{ revision: 'old:1' }]);
    expect(woken).toEqual([]);
  });

  it('to a sleeping graph wakes it first', async () => {
    expect(await run({ placement: { ...placement, endpoint: '' } })).toMatchObject([{ revision: 'new:1' }]);
    expect(woken).toEqual(['g1, not at all']);
  });

  it('fails with what waking fails with', async () => {
    wake = () => Promise.reject(rpcError(ErrorReason.NO_CAPACITY, 'full'));
    expect(await reasonOf(run({ placement: { ...placement, endpoint: '' } }))).toBe('NO_CAPACITY');
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
    expect(await run(execute)).toMatchObject([{ revision: 'new:1' }]);
    expect(called).toEqual(['old:1', 'new:1']);
  });

  it('after a write was sent: its outcome is unknown, and it is not made again', async () => {
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(run(execute))).toBe('OUTCOME_UNKNOWN');
    expect(called).toEqual(['old:1']);
    expect(forgotten).toEqual(['old:1']);
  });

  it('after a stream began: it ends with an error, and rows come not twice', async () => {
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(run(stream))).toBe('UNAVAILABLE');
    expect(called).toEqual(['old:1']);
  });

  it('during an upload: the outcome is unknown, and what was sent is not sent again', async () => {
    const part = (bytes: number) =>
      create(ImportTableRequestSchema, { graphId: 'g1', table: 'A', body: { data: new Uint8Array(bytes) } });
    const rest = async function* (): AsyncIterable<ImportTableRequest> {
      yield part(2);
      yield part(3);
    };
    const upload = () => ({ method: GraphService.method.importTable, first: part(1), rest: rest() });
    await run(upload());
    expect(imported).toEqual([1, 2, 3]);
    engines['old:1'] = () => {
      throw lost();
    };
    expect(await reasonOf(run(upload()))).toBe('OUTCOME_UNKNOWN');
    expect(called).toEqual(['old:1', 'old:1']);
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
    const call = reasonOf(run({ options: { context: inboundCall({ signal: client.signal }), caller } }));
    expect(await call).not.toBe('no error');
    expect(woken).toEqual([]);
  });
});
