import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  GetSchemaResponseSchema,
  GraphService,
  StreamQueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import type { CallContext } from '../../mesh/rpc/context.ts';
import { isStream } from '../../mesh/rpc/service.ts';
import { deferred } from '../../mesh/rpc/testing.ts';
import { watchCalls } from './watch-calls.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const request = {} as Message;
const context = {} as CallContext;

const open = () => {
  const told: number[] = [];
  const calls = { underWay: 0 };
  const answers: PromiseWithResolvers<Message>[] = [];
  const service = watchCalls(
    {
      desc: GraphService,
      methods: [
        {
          desc: GraphService.method.getSchema,
          handle: () => {
            const answer = deferred<Message>();
            answers.push(answer as PromiseWithResolvers<Message>);
            return answer.promise;
          },
        },
        {
          desc: GraphService.method.streamQuery,
          handle: async function* () {
            yield create(StreamQueryResponseSchema);
          },
        },
      ],
    },
    calls,
    (callsUnderWay) => told.push(callsUnderWay),
  );
  const [one, many] = service.methods;
  if (!one || !many) throw new Error('no method');
  const begin = () => {
    const output = Promise.resolve(one.handle(request, context));
    const answer = answers.at(-1);
    return {
      end: async () => {
        answer?.resolve(create(GetSchemaResponseSchema));
        await output;
      },
      fail: async () => {
        answer?.reject(new Error('no'));
        await expect(output).rejects.toThrow('no');
      },
    };
  };
  const stream = () => {
    const output = many.handle(request, context);
    if (!isStream(output)) throw new Error('no stream');
    return output[Symbol.asyncIterator]();
  };
  return { told, calls, begin, stream };
};

it('the first call after a quiet time is told at once, its end within 250 ms', async () => {
  const { told, calls, begin } = open();
  const call = begin();
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
  for (let i = 0; i < 100; i++) await begin().end();
  vi.advanceTimersByTime(250);
  expect(told).toEqual([1, 1]);
  await long.end();
  vi.advanceTimersByTime(250);
  vi.advanceTimersByTime(10_000);
  expect(told).toEqual([1, 1, 0]);
});

it('a call that fails has ended', async () => {
  const { told, begin } = open();
  await begin().fail();
  vi.advanceTimersByTime(250);
  expect(told).toEqual([1, 0]);
});

it('a stream is under way until its reader has all of it, or leaves', async () => {
  const { told, stream } = open();
  const [read, left] = [stream(), stream()];
  await Promise.all([read.next(), left.next()]);
  vi.advanceTimersByTime(250);
  await read.next();
  vi.advanceTimersByTime(250);
  await left.return?.();
  vi.advanceTimersByTime(250);
  expect(told).toEqual([1, 2, 1, 0]);
});
