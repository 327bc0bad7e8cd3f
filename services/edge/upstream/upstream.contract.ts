import { create, type Message } from '@bufbuild/protobuf';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import {
  GraphService,
  ImportTableResponseSchema,
  type QueryRequest,
  QueryResponseSchema,
} from '../../../gen/trellis/graph/v1/graph_pb.js';
import { PlacementService } from '../../../gen/trellis/graph/v1/placement_pb.js';
import type { CallContext, Caller } from '../../mesh/rpc/context.ts';
import { rpcError } from '../../mesh/rpc/error.ts';
import { deferred, type StreamHandler } from '../../mesh/rpc/testing.ts';
import type { RequestStream } from '../data-path/call.ts';
import { fromCallEnd } from '../data-path/call-end.ts';
import { framed, TestSink, upstreamRequest } from './testing.ts';
import type { Upstream, UpstreamRequest } from './upstream.ts';

/** An upstream in front of a service, all of whose methods do the same. */
export interface ServedUpstream {
  readonly upstream: Upstream;
  /** Somebody who may call. */
  readonly caller: Caller;
  close(): Promise<unknown>;
}

/** The methods that `serve` has to have. */
export const contractMethods = [
  GraphService.method.query,
  GraphService.method.importTable,
  PlacementService.method.watchPlacements,
];

const upload = GraphService.method.importTable;
const query = GraphService.method.query;
const partBytes = 64 * 1024;
/** What a call may hold in one direction: the window of an answer, and what is under way in buffers. */
const heldBytesMax = 2 * 2 ** 20;

const nothing: readonly Message[] = [];
const ask = framed(query, { graphId: 'g', statement: 'RETURN 1' });
const part = (bytes = 1) => framed(upload, { graphId: 'g', body: { data: new Uint8Array(bytes) } });
const answer = (rowCount: number, revision = '') => create(ImportTableResponseSchema, { rowCount, revision });
const rowCounts = (messages: readonly Message[]) =>
  messages.map((message) => (message as ReturnType<typeof answer>).rowCount);

/** What every upstream keeps. */
export function describeUpstream(name: string, serve: (run: StreamHandler) => Promise<ServedUpstream>): void {
  describe(`${name} as an upstream`, () => {
    const served: ServedUpstream[] = [];
    const sinks: TestSink[] = [];
    afterEach(async () => {
      for (const { close } of served.splice(0)) await close();
      const violations = sinks.splice(0).flatMap((sink) => sink.violations);
      expect(violations).toEqual([]);
    });

    const call = async (
      run: StreamHandler,
      changes: Partial<UpstreamRequest> = {},
    ): Promise<{ readonly stream: RequestStream; readonly sink: TestSink }> => {
      const service = await serve(run);
      served.push(service);
      const sink = new TestSink();
      sinks.push(sink);
      const request = upstreamRequest({ method: upload, caller: service.caller, ...changes });
      return { stream: service.upstream.open(request, sink), sink };
    };

    it('carries a request to its service and the answer back', async () => {
      const run: StreamHandler = async function* (requests) {
        for await (const request of requests)
          yield create(QueryResponseSchema, { revision: (request as QueryRequest).statement });
      };
      const { stream, sink } = await call(run, { method: query });
      stream.write(ask);
      stream.end();
      const end = await sink.ended;
      expect(end).toMatchObject({ code: Code.OK, details: '', trailers: [], loss: undefined });
      expect(await sink.messages(query, 1)).toMatchObject([{ revision: 'RETURN 1' }]);
    });

    it('tells nothing before `open` returned', async () => {
      let isOpen = false;
      const service = await serve(async function* () {});
      served.push(service);
      const sink = new TestSink();
      const early: string[] = [];
      const told = new Proxy(sink, {
        get: (target, event) => {
          if (!isOpen) early.push(String(event));
          const value = Reflect.get(target, event);
          return typeof value === 'function' ? value.bind(target) : value;
        },
      });
      const stream = service.upstream.open(upstreamRequest({ method: upload, caller: service.caller }), told);
      stream.end();
      isOpen = true;
      await sink.ended;
      expect(early).toEqual([]);
    });

    it('passes requests cut anywhere, and each message of an answer as soon as it came', async () => {
      const { stream, sink } = await call(async function* (requests) {
        let count = 0;
        for await (const _ of requests) yield answer(++count);
        yield answer(100);
      });
      for (const byte of part()) stream.write(Buffer.from([byte]));
      expect(rowCounts(await sink.messages(upload, 1))).toEqual([1]);
      const two = Buffer.concat([part(), part()]);
      stream.write(two.subarray(0, 9));
      stream.write(two.subarray(9));
      expect(rowCounts(await sink.messages(upload, 3))).toEqual([1, 2, 3]);
      stream.end();
      await sink.ended;
      expect(rowCounts(await sink.messages(upload, 4))).toEqual([1, 2, 3, 100]);
    });

    it('ends the requests without ending the answer', async () => {
      const heard = deferred();
      const more = deferred();
      const { stream, sink } = await call(async function* (requests) {
        for await (const _ of requests);
        heard.resolve();
        await more.promise;
        yield answer(7);
      });
      stream.write(part());
      stream.end();
      await heard.promise;
      more.resolve();
      expect((await sink.ended).code).toBe(Code.OK);
      expect(rowCounts(await sink.messages(upload, 1))).toEqual([7]);
    });

    it('tells the end of a service that does not wait for all requests', async () => {
      const { stream, sink } = await call(async function* (requests) {
        for await (const _ of requests) {
          yield answer(7);
          return;
        }
      });
      stream.write(part());
      expect((await sink.ended).code).toBe(Code.OK);
      expect(rowCounts(await sink.messages(upload, 1))).toEqual([7]);
      expect(stream.write(part())).toBe(true);
      stream.end();
      stream.cancel();
    });

    it('tells a service at once that the caller gave up, and the caller nothing more', async () => {
      const begun = deferred();
      const over = deferred<string>();
      const { stream, sink } = await call(async function* (requests) {
        try {
          for await (const _ of requests) begun.resolve();
          over.resolve('the requests ended as if complete');
        } catch (error) {
          over.resolve(ErrorReason[(error as { reason: ErrorReason }).reason] ?? String(error));
          throw error;
        }
        yield answer(1);
      });
      stream.write(part());
      stream.write(part().subarray(0, 6));
      await begun.promise;
      stream.cancel();
      sink.silence();
      stream.cancel();
      expect(await over.promise).toBe('CANCELLED');
    });

    it('aborts the signal of a service whose caller gave up while it answers', async () => {
      const over = deferred();
      const { stream, sink } = await call(async function* (_requests, { signal }) {
        signal.addEventListener('abort', () => over.resolve());
        yield answer(1);
        await over.promise;
      });
      stream.write(part());
      stream.end();
      await sink.messages(upload, 1);
      stream.cancel();
      sink.silence();
      await over.promise;
    });

    it('passes an error on with its details, after what was answered before', async () => {
      const { stream, sink } = await call(async function* () {
        yield answer(1);
        throw rpcError(ErrorReason.IMPORT_ROW_INVALID, 'line 3: zwölf % is no number', {
          metadata: { line: '3' },
        });
      });
      stream.end();
      const end = await sink.ended;
      expect(end).toMatchObject({ code: Code.INVALID_ARGUMENT, message: 'line 3: zwölf % is no number' });
      expect(end.loss).toBeUndefined();
      expect(fromCallEnd(end)).toMatchObject({
        reason: ErrorReason.IMPORT_ROW_INVALID,
        metadata: { line: '3' },
      });
      expect(rowCounts(await sink.messages(upload, 1))).toEqual([1]);
    });

    it('says who calls, for whom, and until when', async () => {
      const seen = deferred<CallContext>();
      const deadlineMs = Date.now() + 3_600_000;
      const { stream, sink } = await call(
        async function* (_requests, context) {
          seen.resolve(context);
          yield* nothing;
        },
        { deadlineMs },
      );
      stream.end();
      await sink.ended;
      const { caller, requestId, clientAddress, trace, deadlineMs: seenMs = 0 } = await seen.promise;
      expect([caller.principal?.principalId, requestId, clientAddress]).toEqual([
        'key_1',
        'request-1',
        '192.0.2.7',
      ]);
      expect(trace).toMatchObject({ traceId: upstreamRequest().trace.traceId, sampled: true });
      expect(Math.abs(seenMs - deadlineMs)).toBeLessThan(600_000);
    });

    it('lets the edge speak for itself where nobody is behind the call', async () => {
      const seen = deferred<CallContext>();
      const method = PlacementService.method.watchPlacements;
      const { stream, sink } = await call(
        async function* (_requests, context) {
          seen.resolve(context);
          yield* nothing;
        },
        { method, caller: undefined },
      );
      stream.write(framed(method, {}));
      stream.end();
      await sink.ended;
      const { caller } = await seen.promise;
      expect([caller.service, caller.principal]).toEqual(['edge', undefined]);
    });

    it.each(['from the beginning', 'in the middle'])(
      'holds a service back whose answer is not read %s, and loses nothing of it',
      async (when) => {
        const count = 128;
        let sent = 0;
        const { stream, sink } = await call(async function* () {
          while (sent < count) yield answer(sent++, 'x'.repeat(partBytes));
        });
        if (when === 'from the beginning') stream.pause();
        stream.end();
        if (when === 'in the middle') await sink.messages(upload, 1);
        stream.pause();
        const readBytes = sink.bytes;
        await standsStill(() => sent);
        expect(sent * partBytes - readBytes).toBeLessThan(heldBytesMax);
        expect(sink.bytes).toBe(readBytes);
        stream.resume();
        expect((await sink.ended).code).toBe(Code.OK);
        expect(rowCounts(await sink.messages(upload, count))).toEqual([...Array(count).keys()]);
      },
    );

    it('holds a client back whose service reads slowly, and loses nothing of it', async () => {
      const read = deferred();
      const { stream, sink } = await call(async function* (requests) {
        await read.promise;
        let count = 0;
        for await (const _ of requests) count++;
        yield answer(count);
      });
      let written = 1;
      while (stream.write(part(partBytes)) && written * partBytes < heldBytesMax) written++;
      // The first false may come before the connection stands; what flows off then may be written again.
      const drained = sink.drained();
      expect(written * partBytes).toBeLessThan(heldBytesMax);
      read.resolve();
      await drained;
      stream.end();
      await sink.ended;
      expect(rowCounts(await sink.messages(upload, 1))).toEqual([written]);
    });
  });
}

/** Resolves when a number is more than 0 and does not change any more. */
function standsStill(read: () => number): Promise<void> {
  let before = -1;
  return vi.waitFor(
    () => {
      const now = read();
      const isStill = now > 0 && now === before;
      before = now;
      if (!isStill) throw new Error(`still moving at ${now}`);
    },
    { interval: 100, timeout: 20_000 },
  );
}
