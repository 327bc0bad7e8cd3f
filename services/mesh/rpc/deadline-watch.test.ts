import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DeadlineWatch } from './deadline-watch.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

function watch(...afterMs: readonly number[]) {
  const deadlines = new DeadlineWatch();
  const expired: number[] = [];
  const calls = afterMs.map((ms) => {
    const call = { expire: () => expired.push(ms) };
    deadlines.add(call, Date.now() + ms);
    return call;
  });
  return { deadlines, expired, calls };
}

it('ends each call at its deadline, in whatever order they came', () => {
  const { expired } = watch(300, 100, 200, 100, 5.5);
  const seen = [5, 1, 93, 1, 100, 1_000].map((ms) => {
    vi.advanceTimersByTime(ms);
    return [...expired];
  });
  expect(seen).toEqual([[], [5.5], [5.5], [5.5, 100, 100], [5.5, 100, 100, 200], [5.5, 100, 100, 200, 300]]);
});

it('ends a call that is past its deadline soon', () => {
  const { expired } = watch(-50);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual([-50]);
});

it('forgets calls that are over', () => {
  const { deadlines, expired, calls } = watch(100, 200);
  for (const call of calls) deadlines.delete(call);
  vi.advanceTimersByTime(1_000);
  expect(expired).toEqual([]);
  expect(vi.getTimerCount()).toBe(0);
});

it('has one timer for all of them', () => {
  watch(...Array.from({ length: 100 }, (_, i) => 1_000 - i));
  expect(vi.getTimerCount()).toBe(1);
});

it('waits longer than a timer can', () => {
  const { expired } = watch(2 ** 32);
  vi.advanceTimersByTime(2 ** 32 - 1);
  expect(expired).toEqual([]);
  vi.advanceTimersByTime(1);
  expect(expired).toEqual([2 ** 32]);
});
