import { expect, test } from 'vitest';
import { TestClock } from '../../mesh/process/clock.testing.ts';
import type { GraphRecord } from '../domain/graph-record.ts';
import { placementFeed } from './placement-feed.ts';
import { PlacementView } from './placement-view.ts';

const record = (graphId: string, version = 1n): GraphRecord => ({
  graphId,
  organizationId: 'org_1',
  displayName: 'One',
  tier: 'standard',
  stage: 'ready',
  nodeId: 'node_1',
  issuedEpoch: version,
  epoch: version,
  isOpen: true,
  endpoint: 'engine:1',
  version,
  createTime: new Date(0),
  parentGraphId: '',
  repository: '',
});
const options = { heartbeatMs: 5_000, batchMax: 2, pendingMax: 4 };

function open(view: PlacementView) {
  const call = new AbortController();
  const stream = placementFeed(view, new TestClock(), options, call.signal)[Symbol.asyncIterator]();
  const next = async () => {
    const { value } = await stream.next();
    const { placements, snapshotComplete } = value;
    return [placements.map(({ graphId }: { graphId: string }) => graphId), snapshotComplete];
  };
  return { next, end: () => stream.return?.() };
}

test('messages carry no more placements than a batch, and only the last of the snapshot completes it', async () => {
  const view = new PlacementView();
  for (const graphId of ['a', 'b', 'c', 'd']) view.apply(record(graphId));
  const feed = open(view);
  expect(await feed.next()).toEqual([['a', 'b'], false]);
  for (const graphId of ['a', 'b', 'c']) view.apply(record(graphId, 2n));
  expect(await feed.next()).toEqual([['c', 'd'], true]);
  expect(await feed.next()).toEqual([['a', 'b'], false]);
  expect(await feed.next()).toEqual([['c'], false]);
  await feed.end();
});

test('as many changes may wait as is said, and one more ends the feed', async () => {
  const view = new PlacementView();
  const feed = open(view);
  expect(await feed.next()).toEqual([[], true]);
  for (const graphId of ['a', 'b', 'c', 'd']) view.apply(record(graphId));
  expect(await feed.next()).toEqual([['a', 'b'], false]);
  expect(await feed.next()).toEqual([['c', 'd'], false]);
  for (const graphId of ['e', 'f', 'g', 'h', 'i']) view.apply(record(graphId));
  await expect(feed.next()).rejects.toThrow('does not keep up');
});
