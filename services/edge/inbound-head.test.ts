import { describe, expect, it } from 'vitest';
import { toInboundHead } from './inbound-head.ts';

const headOf = (timeoutMs: number | undefined, headers: Readonly<Record<string, string>> = {}) =>
  toInboundHead({
    header: (name) => headers[name],
    clientAddress: '192.0.2.7',
    timeoutMs,
    metadata: [],
  });

describe('the end of a call', () => {
  it.each([
    ['is its deadline', 1_000, 1_000],
    ['is 600 s where it says more', 3_600_000_000, 600_000],
    ['is 600 s where it says more than a timer can wait', Number.MAX_SAFE_INTEGER, 600_000],
    ['is at once where nothing is left', 0, 0],
  ])('%s', (_name, timeoutMs, expectedMs) => {
    const { deadlineMs, endMs } = headOf(timeoutMs);
    expect(endMs).toBe(deadlineMs);
    // Read before now: it can only be less.
    expect(endMs - Date.now()).toBeLessThanOrEqual(expectedMs);
  });

  it('is 300 s where its client says none, which is no deadline for its service', () => {
    const { deadlineMs, endMs } = headOf(undefined);
    expect(deadlineMs).toBeUndefined();
    expect(endMs - Date.now()).toBeLessThanOrEqual(300_000);
  });
});

describe('the id of a request', () => {
  it('is the one that it came with, where that may be written as it is', () => {
    expect(headOf(0, { 'x-request-id': 'mine-1' }).requestId).toBe('mine-1');
    expect(headOf(0, { 'x-request-id': 'not "one"' }).requestId).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('is in the answer', () => {
    const { requestId, responseHeaders } = headOf(0);
    expect(responseHeaders.get('x-request-id')).toBe(requestId);
  });
});
