import type { MessageInitShape } from '@bufbuild/protobuf';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import {
  type PlacementSchema,
  PlacementService,
  type WatchPlacementsResponseSchema,
} from '../../../gen/trellis/graph/v1/placement_pb.js';
import { rpcError } from '../../mesh/rpc/error.ts';
import { bindService } from '../../mesh/rpc/service.ts';
import { channelTo, type Deferred, deferred, silentLog, TestStream } from '../../mesh/rpc/testing.ts';
import { reasonOf } from '../testing.ts';
import { PlacementTable } from './placement-table.ts';

type PlacementInit = Exclude<MessageInitShape<typeof PlacementSchema>, { $typeName: string }>;

let asked: string[];
let unreachable: string[];
let answer: (graphId: string) => PlacementInit | Promise<PlacementInit>;
/** The feed as it is open now. */
let feed: TestStream<MessageInitShape<typeof WatchPlacementsResponseSchema>>;
let table: PlacementTable;

beforeEach(() => {
  vi.useFakeTimers();
  asked = [];
  unreachable = [];
  answer = () => Promise.reject(rpcError(ErrorReason.GRAPH_NOT_FOUND, 'no such graph'));
  const catalog = bindService(PlacementService, {
    resolvePlacement: async ({ graphId, unreachableEndpoint }) => {
      asked.push(graphId);
      unreachable.push(unreachableEndpoint);
      return { placement: await answer(graphId) };
    },
    watchPlacements: () => {
      feed = new TestStream();
      return feed;
    },
    registerNode: async () => ({}),
  });
  table = new PlacementTable(channelTo(catalog), silentLog);
});
afterEach(async () => {
  await table.close();
  vi.useRealTimers();
});

const open = (graphId: string, changes: PlacementInit = {}): PlacementInit => ({
  graphId,
  organizationId: 'org_ada',
  state: GraphState.ACTIVE,
  endpoint: `10.0.0.1:${graphId.length}`,
  epoch: 1n,
  ...changes,
});

async function hear(placements: PlacementInit[], snapshotComplete = false): Promise<void> {
  await vi.advanceTimersByTimeAsync(0);
  feed.send({ placements, snapshotComplete });
  await vi.advanceTimersByTimeAsync(0);
}

/** Ends the feed; it is open again afterwards. */
async function reopenFeed(): Promise<void> {
  const before = feed;
  feed.end();
  while (feed === before) await vi.advanceTimersByTimeAsync(100);
}

/** An answer under way that the test gives. */
function hold(): Deferred<PlacementInit> {
  const held = deferred<PlacementInit>();
  answer = () => held.promise;
  return held;
}

describe('the table', () => {
  it('is complete once the whole snapshot is there', async () => {
    await hear([open('g1')]);
    expect(table.isComplete).toBe(false);
    await hear([open('g2')], true);
    expect(table.isComplete).toBe(true);
    expect((await table.find('g1')).endpoint).toBe('10.0.0.1:2');
    expect((await table.find('g2')).organizationId).toBe('org_ada');
    expect(asked).toEqual([]);
  });

  it('follows changes', async () => {
    await hear([open('g1')], true);
    await hear([open('g1', { endpoint: '10.0.0.2:9', epoch: 2n })]);
    expect(await table.find('g1')).toMatchObject({ endpoint: '10.0.0.2:9', epoch: 2n });
  });

  it('takes news of the same opening, and none of an older one', async () => {
    await hear([open('g1', { epoch: 5n })], true);
    await hear([open('g1', { epoch: 5n, endpoint: '' })]);
    expect((await table.find('g1')).endpoint).toBe('');
    await hear([open('g1', { epoch: 4n, endpoint: '10.0.0.4:4' })]);
    expect((await table.find('g1')).endpoint).toBe('');
  });

  it('forgets a deleted graph, and keeps one that is being deleted', async () => {
    await hear([open('g1'), open('g2')], true);
    await hear([open('g1', { state: GraphState.DELETING, epoch: 3n, endpoint: '' })]);
    expect((await table.find('g1')).state).toBe(GraphState.DELETING);
    await hear([{ graphId: 'g1', state: GraphState.DELETING }]);
    expect(await reasonOf(table.find('g1'))).toBe('GRAPH_NOT_FOUND');
    expect(await reasonOf(table.find('g2'))).toBe('no error');
  });

  it('forgets what a new snapshot does not have, and nothing before that snapshot is complete', async () => {
    await hear([open('g1'), open('g2')], true);
    await reopenFeed();
    await hear([open('g2')]);
    expect(await reasonOf(table.find('g1'))).toBe('no error');
    expect(table.isComplete).toBe(true);
    await hear([], true);
    expect(await reasonOf(table.find('g1'))).toBe('GRAPH_NOT_FOUND');
    expect(await reasonOf(table.find('g2'))).toBe('no error');
  });
});

describe('a shared repository', () => {
  const sec = (changes: PlacementInit = {}) => open('kg_sec', { repository: 'sec', ...changes });

  it('is found by its public name as by its id, without asking', async () => {
    await hear([sec()], true);
    expect((await table.find('sec')).graphId).toBe('kg_sec');
    expect((await table.find('kg_sec')).repository).toBe('sec');
    expect(asked).toEqual([]);
  });

  it('that was missing is found by its name as soon as the feed tells of it', async () => {
    expect(await reasonOf(table.find('sec'))).toBe('GRAPH_NOT_FOUND');
    await hear([sec()]);
    expect((await table.find('sec')).graphId).toBe('kg_sec');
  });

  it('gives its name up when it is deleted, and takes none away from its successor', async () => {
    await hear([sec()], true);
    await hear([sec({ state: GraphState.DELETING, endpoint: '' })]);
    expect(await reasonOf(table.find('sec'))).toBe('GRAPH_NOT_FOUND');
    await hear([open('kg_new', { repository: 'sec' })]);
    await hear([{ graphId: 'kg_sec', repository: 'sec', state: GraphState.DELETING }]);
    expect((await table.find('sec')).graphId).toBe('kg_new');
  });

  it('that a new snapshot does not have loses its name', async () => {
    await hear([sec()], true);
    await reopenFeed();
    await hear([open('g1')], true);
    expect(await reasonOf(table.find('sec'))).toBe('GRAPH_NOT_FOUND');
  });
});

describe('a graph that is not in the table', () => {
  it('is asked for once by all who want it, and then known', async () => {
    const held = hold();
    const finds = [table.find('g1'), table.find('g1')];
    held.resolve(open('g1'));
    expect((await Promise.all(finds)).map(({ graphId }) => graphId)).toEqual(['g1', 'g1']);
    await table.find('g1');
    expect(asked).toEqual(['g1']);
  });

  it('and missing stays missing for five seconds without asking again', async () => {
    await vi.advanceTimersByTimeAsync(1);
    expect(await reasonOf(table.find('g1'))).toBe('GRAPH_NOT_FOUND');
    await vi.advanceTimersByTimeAsync(4_900);
    expect(await reasonOf(table.find('g1'))).toBe('GRAPH_NOT_FOUND');
    expect(asked).toEqual(['g1']);
    await vi.advanceTimersByTimeAsync(200);
    await reasonOf(table.find('g1'));
    expect(asked).toEqual(['g1', 'g1']);
  });

  it('and missing is found as soon as the feed tells of it', async () => {
    await reasonOf(table.find('g1'));
    await hear([open('g1')]);
    expect(await reasonOf(table.find('g1'))).toBe('no error');
  });

  it('is asked for again at once after a failure that does not say it is missing', async () => {
    answer = () => Promise.reject(rpcError(ErrorReason.NO_CAPACITY, 'full'));
    expect(await reasonOf(table.find('g1'))).toBe('NO_CAPACITY');
    answer = () => open('g1');
    expect(await reasonOf(table.find('g1'))).toBe('no error');
  });
});

describe('waking', () => {
  it('is one call for all who wait', async () => {
    await hear([open('g1', { endpoint: '' })], true);
    const held = hold();
    const waiting = Promise.all([table.wake('g1'), table.wake('g1'), table.wake('g1')]);
    held.resolve(open('g1', { epoch: 2n }));
    expect(new Set(await waiting).size).toBe(1);
    expect(asked).toEqual(['g1']);
    expect(await table.find('g1')).toMatchObject({ endpoint: '10.0.0.1:2', epoch: 2n });
  });

  it('says which endpoint was not reachable', async () => {
    answer = () => open('g1', { epoch: 2n });
    await table.wake('g1', '10.0.0.1:2');
    expect(unreachable).toEqual(['10.0.0.1:2']);
  });

  it('that fails fails for all, and the next one asks anew', async () => {
    await hear([open('g1', { endpoint: '' })], true);
    answer = () => Promise.reject(rpcError(ErrorReason.NO_CAPACITY, 'full'));
    const reasons = await Promise.all([reasonOf(table.wake('g1')), reasonOf(table.wake('g1'))]);
    expect(reasons).toEqual(['NO_CAPACITY', 'NO_CAPACITY']);
    answer = () => open('g1');
    expect((await table.wake('g1')).endpoint).toBe('10.0.0.1:2');
    expect(asked).toHaveLength(2);
  });

  it('a graph that turns out to be deleted removes it', async () => {
    await hear([open('g1', { endpoint: '' })], true);
    await reasonOf(table.wake('g1'));
    expect(await reasonOf(table.find('g1'))).toBe('GRAPH_NOT_FOUND');
    expect(asked).toHaveLength(1);
  });
});

describe('forgetting an endpoint', () => {
  it('makes the graph one to wake', async () => {
    await hear([open('g1')], true);
    table.forgetEndpoint(await table.find('g1'));
    expect(await table.find('g1')).toMatchObject({ endpoint: '', organizationId: 'org_ada' });
  });

  it('does nothing where newer news came since', async () => {
    await hear([open('g1')], true);
    const stale = await table.find('g1');
    await hear([open('g1', { endpoint: '10.0.0.2:9', epoch: 2n })]);
    table.forgetEndpoint(stale);
    expect((await table.find('g1')).endpoint).toBe('10.0.0.2:9');
  });
});
