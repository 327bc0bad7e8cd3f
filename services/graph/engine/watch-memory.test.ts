import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchMemory } from './watch-memory.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test('tells once when the process has more memory than it may', () => {
  let bytes = 100;
  const told: number[] = [];
  watchMemory(
    100,
    (had) => told.push(had),
    () => bytes,
  );
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
  bytes = 101;
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([101]);
});

test('is quiet after it was stopped', () => {
  const told: number[] = [];
  const stop = watchMemory(
    100,
    (had) => told.push(had),
    () => 101,
  );
  stop();
  vi.advanceTimersByTime(1_000);
  expect(told).toEqual([]);
});
