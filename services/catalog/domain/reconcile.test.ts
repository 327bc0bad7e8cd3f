import { expect, test } from 'vitest';
import type { GraphRecord } from './graph-record.ts';
import { reconcile } from './reconcile.ts';

const record: GraphRecord = {
  graphId: 'kg_1',
  organizationId: 'org_1',
  displayName: 'One',
  tier: 'standard',
  stage: 'ready',
  nodeId: 'node_1',
  issuedEpoch: 5n,
  epoch: 5n,
  isOpen: true,
  endpoint: 'engine:1',
  version: 1n,
  createTime: new Date(0),
  parentGraphId: '',
  repository: '',
};
const asleep = { ...record, isOpen: false, endpoint: '' };
const report = { graphId: 'kg_1', endpoint: 'engine:1', epoch: 5n };

test('a report that says what is known changes nothing', () => {
  expect(reconcile([record], [report])).toEqual([]);
  expect(reconcile([asleep], [])).toEqual([]);
});

test('a graph that is not reported any more is closed and keeps its epoch', () => {
  expect(reconcile([record], [])).toEqual([{ graphId: 'kg_1', isOpen: false, endpoint: '', epoch: 5n }]);
});

test('a greater epoch replaces the endpoint, also by none while the engine restarts', () => {
  expect(reconcile([record], [{ ...report, endpoint: '', epoch: 6n }])).toEqual([
    { graphId: 'kg_1', isOpen: true, endpoint: '', epoch: 6n },
  ]);
});

test('a smaller epoch is an old message: neither opened nor closed by it', () => {
  expect(reconcile([record], [{ ...report, endpoint: 'engine:0', epoch: 4n }])).toEqual([]);
  expect(reconcile([asleep], [{ ...report, epoch: 4n }])).toEqual([]);
});

test('the same epoch gives an opening its endpoint and never takes it away', () => {
  expect(reconcile([{ ...record, endpoint: '' }], [report])).toEqual([{ ...report, isOpen: true }]);
  expect(reconcile([record], [{ ...report, endpoint: '' }])).toEqual([]);
});

test('the same epoch brings a graph back whose node had been taken for gone', () => {
  expect(reconcile([asleep], [report])).toEqual([{ ...report, isOpen: true }]);
});

test('graphs being made or deleted are not touched by reports', () => {
  const stages = [
    { ...asleep, stage: 'creating' as const },
    { ...asleep, graphId: 'kg_2', stage: 'deleting' as const },
  ];
  expect(reconcile(stages, [report, { ...report, graphId: 'kg_2' }])).toEqual([]);
});
