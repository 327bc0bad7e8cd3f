import { create } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { GetSchemaResponseSchema, GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { watchCalls } from './watch-calls.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => {
  const told: number[] = [];
  const calls = { underWay: 0 };
  const service = watchCalls(
    {
      desc: GraphService,
      methods: [
        {
          desc: GraphService.method.getSchema,
          run: async function* () {
            yield create(GetSchemaResponseSchema);
          },
        },
      ],
    },
    calls,
    (callsUnderWay) => told.push(callsUnderWay),
  );
  const [method] = service.methods;
  if (!method) throw new Error('no method');
  const begin = () => {
    const responses = method.run((async function* () {})(), {} as CallContext)[Symbol.asyncIterator]();
    return { first: () => responses.next(), end: () => responses.next() };
  };
  return { told, calls, begin };
};

it('the first call after a quiet time is told at once, its end within 250 ms', async () => {
  const { told, calls, begin } = open();
  const call = begin();
  await call.first();
  expect(told).toEqual([1]);
  expect(calls.underWay).toBe(1);
  await call.end();
  expect(calls.underWay).toBe(0);
  expect(told).toEqual([1]);
  vi.advanceTimersByTime(250);
  expect(told).toEqual([1, 0]);
});

it('many calls are told at most every 250 ms, with as many as are under way then', async () => {
  const { told, begin } = open();
  const long = begin();
  await long.first();
  for (let i = 0; i < 100; i++) {
    const call = begin();
    await call.first();
    await call.end();
  }
  vi.advanceTimersByTime(250);
  expect(told).toEqual([1, 1]);
  await long.end();
  vi.advanceTimersByTime(250);
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([1, 1, 0]);
});
