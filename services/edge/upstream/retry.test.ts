import { describe, expect, it } from 'vitest';
import { Code } from '../../../gen/google/rpc/code_pb.js';
import { GraphService } from '../../../gen/trellis/graph/v1/graph_pb.js';
import { countEnd, decideRetry, type FailedAttempt } from './retry.ts';
import { RetryThrottle } from './retry-throttle.ts';

const { query, execute } = GraphService.method;
const answered = { code: Code.UNAVAILABLE, loss: undefined, pushbackMs: undefined };
const lost = { ...answered, loss: 'lost' } as const;
const notSent = { ...answered, loss: 'not-sent' } as const;

function attempt(changes: Partial<FailedAttempt>): FailedAttempt {
  return { method: query, end: answered, mayRepeat: true, transparentCount: 0, policyCount: 0, ...changes };
}

const decide = (changes: Partial<FailedAttempt>, throttle = new RetryThrottle()) =>
  decideRetry(attempt(changes), throttle, () => 0.5);

describe('a call that no service has seen', () => {
  it('is made again at once, twice, whatever its method', () => {
    const retry = { kind: 'transparent', delayMs: 0 };
    expect(decide({ method: execute, end: notSent })).toEqual(retry);
    expect(decide({ method: execute, end: notSent, transparentCount: 1 })).toEqual(retry);
    expect(decide({ method: execute, end: notSent, transparentCount: 2 })).toBeUndefined();
  });

  it('is not made again where its requests are not kept', () => {
    expect(decide({ end: notSent, mayRepeat: false })).toBeUndefined();
  });
});

describe('a call whose service was not available', () => {
  it.each([
    ['answered so', answered],
    ['was lost', lost],
  ])('that %s is made again by policy, twice, after growing pauses', (_name, end) => {
    expect(decide({ end })).toEqual({ kind: 'policy', delayMs: 25 });
    expect(decide({ end, policyCount: 1 })).toEqual({ kind: 'policy', delayMs: 50 });
    expect(decide({ end, policyCount: 2 })).toBeUndefined();
  });

  it('is not made again where it may change something, was answered, or failed otherwise', () => {
    expect(decide({ method: execute, end: lost })).toBeUndefined();
    expect(decide({ end: lost, mayRepeat: false })).toBeUndefined();
    expect(decide({ end: { ...lost, code: Code.INTERNAL } })).toBeUndefined();
  });

  it('is made again when the service says, and not where it says no', () => {
    expect(decide({ end: { ...answered, pushbackMs: 700 } })).toEqual({ kind: 'policy', delayMs: 700 });
    expect(decide({ end: { ...answered, pushbackMs: -1 } })).toBeUndefined();
  });
});

describe('a throttle', () => {
  const failed = (count: number) => {
    const throttle = new RetryThrottle();
    for (let i = 0; i < count; i++) countEnd(throttle, lost);
    return throttle;
  };

  it('stops retries when half of its tokens are gone, but not those that no service sees', () => {
    expect(decide({ end: lost }, failed(4))).toBeDefined();
    expect(decide({ end: lost }, failed(5))).toBeUndefined();
    expect(decide({ end: notSent }, failed(5))).toBeDefined();
  });

  it('allows them again after ten answers for each failure', () => {
    const throttle = failed(5);
    for (let i = 0; i < 9; i++) countEnd(throttle, { ...answered, code: Code.NOT_FOUND });
    expect(throttle.allowsRetries).toBe(true);
  });

  it('never has more or fewer tokens than it can hold', () => {
    const throttle = failed(100);
    for (let i = 0; i < 50; i++) throttle.onSuccess();
    expect(throttle.allowsRetries).toBe(false);
    for (let i = 0; i < 1_000; i++) throttle.onSuccess();
    for (let i = 0; i < 5; i++) throttle.onFailure();
    expect(throttle.allowsRetries).toBe(false);
  });

  it('counts a service that says no, and not what no service has seen', () => {
    const throttle = new RetryThrottle();
    for (let i = 0; i < 20; i++) countEnd(throttle, notSent);
    expect(throttle.allowsRetries).toBe(true);
    for (let i = 0; i < 5; i++) countEnd(throttle, { code: Code.INTERNAL, loss: undefined, pushbackMs: -1 });
    expect(throttle.allowsRetries).toBe(false);
  });
});
