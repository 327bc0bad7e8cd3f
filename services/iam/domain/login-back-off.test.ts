import { describe, expect, test } from 'vitest';
import { addFailure, type BackOffPolicy, type LoginFailures, waitMs } from './login-back-off.ts';

const policy: BackOffPolicy = { freeFailures: 2, firstWaitMs: 1_000, waitMaxMs: 3_000, forgetMs: 60_000 };
const none: LoginFailures = { failureCount: 0, lastFailureTime: new Date(0), blockedUntilTime: new Date(0) };

/** The waits right after each of so many failures. */
function waitsAfter(count: number, nowMs = 0): number[] {
  let failures = none;
  return Array.from({ length: count }, () => {
    failures = addFailure(failures, policy, nowMs);
    return waitMs(failures, nowMs);
  });
}

describe('login back-off', () => {
  test('the first failures are free, then waits double up to the maximum', () => {
    expect(waitsAfter(6)).toEqual([0, 0, 1_000, 2_000, 3_000, 3_000]);
  });

  test('any number of failures has a finite wait', () => {
    const failures = addFailure({ ...none, failureCount: 1_000_000 }, policy, 0);
    expect(waitMs(failures, 0)).toBe(3_000);
  });

  test('a wait runs out with time', () => {
    const failures = { ...none, blockedUntilTime: new Date(5_000) };
    expect([4_000, 4_999, 5_000, 9_000].map((nowMs) => waitMs(failures, nowMs))).toEqual([1_000, 1, 0, 0]);
  });

  test('failures are forgotten after the time without another, not before', () => {
    const failures = { ...none, failureCount: 4 };
    expect(addFailure(failures, policy, 59_999).failureCount).toBe(5);
    expect(addFailure(failures, policy, 60_000).failureCount).toBe(1);
  });
});
