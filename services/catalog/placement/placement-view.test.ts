import { beforeEach, expect, test } from 'vitest';
import { GraphState } from '../../../gen/trellis/graph/v1/catalog_pb.js';
import type { Placement } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { GraphRecord } from '../domain/graph-record.ts';
import { PlacementView } from './placement-view.ts';

const record: GraphRecord = {
  graphId: 'kg_1',
  organizationId: 'org_1',
  displayName: 'One',
  tier: 'standard',
  stage: 'ready',
  nodeId: 'node_1',
  issuedEpoch: 1n,
  epoch: 1n,
  isOpen: true,
  endpoint: 'engine:1',
  version: 3n,
  createTime: new Date(0),
  parentGraphId: '',
  repository: '',
};

let view: PlacementView;
let heard: Placement[];

beforeEach(() => {
  view = new PlacementView();
  heard = [];
  view.follow((placement) => heard.push(placement));
});

test('an older record that comes late is not taken', () => {
  view.apply(record);
  view.apply({ ...record, version: 2n, endpoint: 'engine:0' });
  view.apply({ ...record, endpoint: 'engine:0' });
  expect(view.get('kg_1')).toEqual(record);
  expect(heard).toHaveLength(1);
});

test('a newer record that does not change the placement is taken and nobody is told', () => {
  view.apply(record);
  view.apply({ ...record, version: 4n, issuedEpoch: 2n });
  expect(view.get('kg_1')?.issuedEpoch).toBe(2n);
  expect(heard).toHaveLength(1);
});

test('a record that comes after its graph is gone does not bring it back', async () => {
  view.apply(record);
  view.remove('kg_1');
  view.apply({ ...record, version: 4n });
  expect(view.get('kg_1')).toBeUndefined();
  await view.resync(async () => []);
  view.apply({ ...record, version: 5n });
  expect(view.placements()).toEqual([]);
  expect(heard.map(({ state, epoch }) => [state, epoch])).toEqual([
    [GraphState.ACTIVE, 1n],
    [GraphState.DELETING, 0n],
  ]);
});

test('a resync takes what others wrote and forgets what they removed, but nothing that came meanwhile', async () => {
  view.apply(record);
  view.apply({ ...record, graphId: 'kg_2' });
  await view.resync(async () => {
    view.apply({ ...record, graphId: 'kg_new' });
    view.remove('kg_2');
    return [
      { ...record, graphId: 'kg_2' },
      { ...record, graphId: 'kg_3' },
    ];
  });
  expect(view.placements().map(({ graphId }) => graphId)).toEqual(['kg_new', 'kg_3']);
});

test('the published epoch never goes back, whatever epoch is given to an opening that fails', () => {
  view.apply(record);
  view.apply({ ...record, version: 4n, isOpen: false, endpoint: '' });
  view.apply({ ...record, version: 5n, isOpen: false, endpoint: '', issuedEpoch: 9n });
  view.apply({ ...record, version: 6n, issuedEpoch: 9n });
  expect(heard.map(({ epoch, endpoint }) => [epoch, endpoint])).toEqual([
    [1n, 'engine:1'],
    [1n, ''],
    [1n, 'engine:1'],
  ]);
});
