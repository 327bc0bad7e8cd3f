import { expect, test } from 'vitest';
import { backOffMs, respawnDelayMs } from './back-off.ts';

test('an engine is started again at once, then after 50 ms, doubling up to 1 s', () => {
  const delays = Array.from({ length: 10 }, (_, i) => respawnDelayMs(i));
  expect(delays).toEqual([0, 0, 50, 100, 200, 400, 800, 1_000, 1_000, 1_000]);
});

test('a back-off never exceeds its maximum, however often it failed', () => {
  expect(backOffMs(100_000, 100, 5_000)).toBe(5_000);
});
