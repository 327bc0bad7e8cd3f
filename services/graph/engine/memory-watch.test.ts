import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { MemoryWatch } from './memory-watch.ts';

let bytes: number;
let told: number;
beforeEach(() => {
  bytes = 10;
  told = 0;
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const watch = (isCareful = false) =>
  new MemoryWatch({
    bytesMax: 100,
    tightBytes: 60,
    isCareful,
    onTooMuch: () => {
      told += 1;
    },
    memory: () => bytes,
  });

test('tells once when the process has more memory than it may', () => {
  watch();
  bytes = 100;
  vi.advanceTimersByTime(1_000);
  expect(told).toBe(0);
  bytes = 101;
  vi.advanceTimersByTime(1_000);
  expect(told).toBe(1);
});

test('is quiet after it was closed', () => {
  const watched = watch();
  watched.close();
  bytes = 101;
  vi.advanceTimersByTime(1_000);
  expect(told).toBe(0);
});

test('memory is tight for as long as the process has much of it', () => {
  const watched = watch();
  expect(watched.isTight).toBe(false);
  bytes = 61;
  vi.advanceTimersByTime(1_000);
  expect(watched.isTight).toBe(true);
  bytes = 60;
  vi.advanceTimersByTime(1_000);
  expect(watched.isTight).toBe(false);
});

test('a careful process counts as short of memory for its first ten seconds, whatever it has', () => {
  const watched = watch(true);
  expect(watched.isTight).toBe(true);
  vi.advanceTimersByTime(9_999);
  expect(watched.isTight).toBe(true);
  vi.advanceTimersByTime(1);
  expect(watched.isTight).toBe(false);
});

test('a process that has much may be renewed once it is a minute old', () => {
  const watched = watch();
  bytes = 61;
  vi.advanceTimersByTime(59_999);
  expect(watched.mayRenew).toBe(false);
  vi.advanceTimersByTime(1);
  expect(watched.mayRenew).toBe(true);
  bytes = 60;
  vi.advanceTimersByTime(1_000);
  expect(watched.mayRenew).toBe(false);
});
