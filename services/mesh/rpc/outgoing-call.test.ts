import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ErrorReason } from '../../../gen/trellis/common/v1/error_reason_pb.js';
import { createSelfAssertion, startCall } from './outgoing-call.ts';

const self = async () => ({ service: 'test', assertion: 'signed' });

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

describe('a call', () => {
  const origin = (deadlineMs?: number) => {
    const abort = new AbortController();
    const trace = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
    const context = { requestId: 'r', clientAddress: '192.0.2.1', deadlineMs, signal: abort.signal, trace };
    return { abort, context };
  };

  it('goes on with what it is made for', async () => {
    const { context } = origin(Date.now() + 1_000);
    const call = await startCall({ context }, self);
    expect(call).toMatchObject({
      requestId: 'r',
      clientAddress: '192.0.2.1',
      deadlineMs: context.deadlineMs,
      trace: { traceId: context.trace.traceId, parentSpanId: context.trace.spanId, sampled: true },
      caller: { service: 'test' },
    });
    call.end();
  });

  it('ends at the sooner of its own deadline and that of what it is made for', async () => {
    const { context } = origin(Date.now() + 1_000);
    for (const [timeoutMs, expectedMs] of [
      [400, 400],
      [5_000, 1_000],
    ] as const) {
      const call = await startCall(
        { context: { ...context, deadlineMs: Date.now() + 1_000 }, timeoutMs },
        self,
      );
      vi.advanceTimersByTime(expectedMs - 1);
      expect(call.signal.aborted).toBe(false);
      vi.advanceTimersByTime(1);
      expect(call.signal.aborted).toBe(true);
    }
  });

  it('ends with what it is made for, and by its own signal', async () => {
    const { abort, context } = origin();
    const own = new AbortController();
    const calls = [await startCall({ context }, self), await startCall({ signal: own.signal }, self)];
    abort.abort();
    own.abort();
    expect(calls.map(({ signal }) => signal.aborted)).toEqual([true, true]);
  });

  it('that is over holds no timer and no listener', async () => {
    const { abort, context } = origin(Date.now() + 1_000);
    const call = await startCall({ context }, self);
    call.end();
    expect(vi.getTimerCount()).toBe(0);
    abort.abort();
    expect(call.signal.aborted).toBe(false);
  });

  it('is not begun where what it is made for is over', async () => {
    const { abort, context } = origin();
    abort.abort();
    await expect(startCall({ context }, self)).rejects.toMatchObject({ reason: ErrorReason.CANCELLED });
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that cannot be signed leaves nothing behind', async () => {
    const { context } = origin(Date.now() + 1_000);
    const broken = () => Promise.reject(new Error('no key'));
    await expect(startCall({ context }, broken)).rejects.toThrow('no key');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('with a deadline that is further than timers reach does not end at once', async () => {
    const call = await startCall({ timeoutMs: 2 ** 40 }, self);
    vi.advanceTimersByTime(1_000);
    expect(call.signal.aborted).toBe(false);
    call.end();
  });
});

describe("a service's own assertion", () => {
  it('is signed once until it is stale', async () => {
    const sign = vi.fn(self);
    const assertion = createSelfAssertion(sign, 30_000);
    await Promise.all([assertion(), assertion()]);
    vi.advanceTimersByTime(29_999);
    await assertion();
    expect(sign).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    await assertion();
    expect(sign).toHaveBeenCalledTimes(2);
  });

  it('that failed is signed again for the next call', async () => {
    const sign = vi.fn(self).mockRejectedValueOnce(new Error('busy'));
    const assertion = createSelfAssertion(sign, 30_000);
    await expect(assertion()).rejects.toThrow('busy');
    expect(await assertion()).toMatchObject({ assertion: 'signed' });
  });
});
