import { expect, test } from 'vitest';
import { retryWaitMs } from './retry.ts';

test('waits double from two seconds to five minutes and stay there', () => {
  expect([1, 2, 3, 8, 9, 1_000_000].map(retryWaitMs)).toEqual([
    2_000, 4_000, 8_000, 256_000, 300_000, 300_000,
  ]);
});
