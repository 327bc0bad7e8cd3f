import { create } from '@bufbuild/protobuf';
import { beforeEach, describe, expect, it } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { type Placement, PlacementSchema } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { Caller } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { type Deferred, deferred, silentLog } from '../../mesh/rpc/testing.ts';
import { MethodTable } from '../method-table.ts';
import type { GraphRouter } from '../routing/graph-router.ts';
import { inboundCall } from '../testing.ts';
import { framed, TestSink } from '../upstream/testing.ts';
import type { Upstream, UpstreamEnd, UpstreamSink } from '../upstream/upstream.ts';
import { okEnd } from './call-end.ts';
import { ForwardedCall } from './forwarded-call.ts';

const { importTable, query } = GraphService.method;
const table = new MethodTable([GraphService]);
const placement = create(PlacementSchema, { graphId: 'g1', endpoint: 'e:1' });
const heldBytesMax = 64 * 1024;

/** An attempt at an engine. */
interface Attempt {
  readonly sink: UpstreamSink;
  readonly events: string[];
  bytes: number;
}

let attempts: Attempt[];
/** Whether the engine takes more, for each attempt to come. */
let hasRoom: boolean;
let admitted: Deferred<Caller | undefined>;
let woken: Deferred<Placement>;

beforeEach(() => {
  attempts = [];
  hasRoom = true;
  admitted = deferred();
  woken = deferred();
});

const engine: Upstream = {
  open: (_request, sink) => {
    const attempt: Attempt = { sink, events: [], bytes: 0 };
    attempts.push(attempt);
    return {
      write: (chunk) => {
        attempt.bytes += chunk.length;
        return hasRoom;
      },
      end: () => void attempt.events.push('end'),
      cancel: () => void attempt.events.push('cancel'),
      pause: () => void attempt.events.push('pause'),
      resume: () => void attempt.events.push('resume'),
    };
  },
};

const graphs = {
  find: async () => placement,
  upstream: () => engine,
  forget: () => {},
  wake: () => woken.promise,
  mayRetryLost: () => true,
} as unknown as GraphRouter;

function start(method: Parameters<typeof table.get>[0] = importTable) {
  const sink = new TestSink();
  const options = { admit: () => admitted.promise, graphs, control: engine, log: silentLog };
  const call = new ForwardedCall(options, table.get(method), inboundCall(), sink);
  return { call, sink };
}

const part = (bytes: number) => framed(importTable, { graphId: 'g1', body: { data: new Uint8Array(bytes) } });
const lossOf = (loss: UpstreamEnd['loss']): UpstreamEnd => ({
  ...okEnd,
  code: 14,
  loss,
  pushbackMs: undefined,
});
const attempt = async (index: number) => {
  await expect.poll(() => attempts.length).toBe(index + 1);
  return attempts[index] as Attempt;
};

describe('requests that come before their call may go on', () => {
  it('are held up to 64 KiB beside the first message, and then all sent, with their end', async () => {
    const { call, sink } = start();
    expect(call.write(part(heldBytesMax / 2))).toBe(true);
    expect(call.write(part(heldBytesMax / 2))).toBe(false);
    const drained = sink.drained();
    call.end();
    admitted.resolve(undefined);
    await drained;
    const { bytes, events } = await attempt(0);
    expect(bytes).toBe(2 * part(heldBytesMax / 2).length);
    expect(events).toEqual(['end']);
  });

  it('are taken while they are the first message, which says where they go', async () => {
    const { call } = start();
    admitted.resolve(undefined);
    await admitted.promise;
    const first = part(4 * heldBytesMax);
    expect(call.write(first.subarray(0, 3 * heldBytesMax))).toBe(true);
    expect(attempts).toEqual([]);
    expect(call.write(first.subarray(3 * heldBytesMax))).toBe(false);
    expect((await attempt(0)).bytes).toBe(first.length);
  });

  it('are held back until the service has taken them', async () => {
    const { call, sink } = start();
    hasRoom = false;
    call.write(part(2 * heldBytesMax));
    let isDrained = false;
    const drained = sink.drained().then(() => {
      isDrained = true;
    });
    admitted.resolve(undefined);
    const first = await attempt(0);
    await new Promise(setImmediate);
    expect(isDrained).toBe(false);
    first.sink.onDrain();
    await drained;
  });

  it('are dropped with a call that is refused', async () => {
    const { call, sink } = start();
    call.write(part(1));
    admitted.reject(rpcError(ErrorReason.RATE_LIMITED, 'too many'));
    expect((await sink.ended).code).toBe(8);
    expect(call.write(part(2 * heldBytesMax))).toBe(true);
    expect(attempts).toEqual([]);
  });
});

describe('a call that is made again', () => {
  it('lets a client go on that the lost process held back', async () => {
    const { call, sink } = start();
    admitted.resolve(undefined);
    call.write(part(1));
    const first = await attempt(0);
    hasRoom = false;
    expect(call.write(part(1))).toBe(false);
    const drained = sink.drained();
    hasRoom = true;
    first.sink.onEnd(lossOf('not-sent'));
    woken.resolve(placement);
    await drained;
    expect((await attempt(1)).bytes).toBe(2 * part(1).length);
  });

  it('stays paused where its client reads slowly', async () => {
    const { call } = start(query);
    admitted.resolve(undefined);
    call.write(framed(query, { graphId: 'g1', statement: 'x' }));
    const first = await attempt(0);
    call.pause();
    first.sink.onEnd(lossOf('lost'));
    woken.resolve(placement);
    expect((await attempt(1)).events).toEqual(['pause']);
  });

  it('is not made again for a client that gave up while the graph was woken', async () => {
    const { call, sink } = start(query);
    admitted.resolve(undefined);
    call.write(framed(query, { graphId: 'g1', statement: 'x' }));
    const first = await attempt(0);
    first.sink.onEnd(lossOf('lost'));
    call.cancel();
    sink.silence();
    woken.resolve(placement);
    await new Promise(setImmediate);
    expect(attempts).toHaveLength(1);
    expect(sink.violations).toEqual([]);
  });
});
