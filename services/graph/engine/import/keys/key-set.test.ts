import { describe, expect, test } from 'vitest';
import { fc } from '../../../../mesh/properties.testing.ts';
import { KeySet, keysEnd } from './key-set.ts';

const toBytes = (keys: readonly bigint[]) => Buffer.from(BigInt64Array.from(keys).buffer);
const toKeys = (set: KeySet) =>
  Array.from(set.runs(), (run) => [...new BigInt64Array(new Uint8Array(run).buffer)]).flat();

describe('KeySet', () => {
  test('has each key once and in order, however often they come', () => {
    const end = BigInt(keysEnd);
    const key = fc.oneof(
      { weight: 20, arbitrary: fc.bigInt({ min: 0n, max: 200n }) },
      { weight: 5, arbitrary: fc.bigInt({ min: 0n, max: 200_000n }) },
      { weight: 1, arbitrary: fc.constantFrom(0n, 31n, 32n, 32_767n, 32_768n) },
    );
    fc.assert(
      fc.property(fc.array(fc.array(key)), (parts) => {
        const set = new KeySet();
        for (const part of parts) set.add(toBytes(part));
        const distinct = [...new Set(parts.flat())].sort((a, b) => Number(a - b));
        expect(toKeys(set)).toEqual(distinct);
        expect(set.size).toBe(distinct.length);
      }),
    );
    const set = new KeySet();
    set.add(toBytes([end - 1n, 0n, end - 1n]));
    expect([set.size, ...toKeys(set)]).toEqual([2, 0n, end - 1n]);
  });

  test('has more keys than one run', () => {
    const keys = Array.from({ length: 100_000 }, (_, index) => BigInt(index * 3));
    const set = new KeySet();
    set.add(toBytes(keys.toReversed()));
    expect(toKeys(set)).toEqual(keys);
  });

  test.each([-1n, BigInt(keysEnd), 2n ** 31n, 2n ** 32n, -(2n ** 32n), 2n ** 63n - 1n, -(2n ** 63n)])(
    'gives up at %d, and stays that way',
    (key) => {
      const set = new KeySet();
      set.add(toBytes([1n, key, 2n]));
      expect(set.size).toBeUndefined();
      set.add(toBytes([1n]));
      expect(set.size).toBeUndefined();
      expect(toKeys(set)).toEqual([]);
    },
  );
});
