import { describe, expect, test } from 'vitest';
import { fc } from '../../../../mesh/properties.testing.ts';
import { KeySet } from './key-set.ts';

const seed = 0.618;
const toBytes = (keys: readonly bigint[]) => Buffer.from(BigInt64Array.from(keys).buffer);
const toKeys = (set: KeySet) =>
  [...set.runs()].flatMap((run) => [...new BigInt64Array(new Uint8Array(run).buffer)]).sort();

describe('KeySet', () => {
  test('has each key once, whatever they are and however often they come', () => {
    const key = fc.oneof(
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.bigInt({ min: -5n, max: 40n }),
      fc.constantFrom(0n, -1n, 2n ** 32n, -(2n ** 32n), -(2n ** 63n), 2n ** 63n - 1n),
    );
    fc.assert(
      fc.property(fc.array(fc.array(key)), (parts) => {
        const set = new KeySet(seed);
        for (const part of parts) set.add(toBytes(part));
        const distinct = [...new Set(parts.flat())].sort();
        expect(toKeys(set)).toEqual(distinct);
        expect(set.size).toBe(distinct.length);
      }),
    );
  });

  test.each([1n, 2n, 8n, 1_000n, 2n ** 20n, 2n ** 32n, -(2n ** 40n)])('keeps many keys %d apart', (step) => {
    const keys = Array.from({ length: 100_000 }, (_, index) => BigInt.asIntN(64, BigInt(index) * step));
    const set = new KeySet(seed);
    set.add(toBytes(keys));
    set.add(toBytes(keys));
    expect(set.size).toBe(keys.length);
    expect(toKeys(set)).toEqual(keys.sort());
  });

  test('gives up where there are more than it has room for, and stays that way', () => {
    const set = new KeySet(seed);
    const words = new Int32Array(2 * (2 ** 21 + 2));
    for (let index = 0; index < words.length; index += 2) words[index] = index + 2;
    set.add(Buffer.from(words.buffer));
    expect(set.size).toBeUndefined();
    set.add(toBytes([1n]));
    expect(set.size).toBeUndefined();
    expect([...set.runs()]).toEqual([]);
  });

  test('gives up where keys are made to meet in one place', () => {
    // What the upper half of a key adds to its place is taken away again by the lower one, where that has the bits.
    const keys: bigint[] = [];
    for (let high = 1; keys.length < 6_000; high += 1) {
      const hash = Math.imul(high ^ Math.floor(seed * 2 ** 32), 0x85ebca6b);
      const rest = (2 ** 28 - (hash ^ (hash >>> 13))) >>> 0;
      if (rest < 2 ** 29) keys.push((BigInt(high) << 32n) | BigInt(rest * 8));
    }
    const set = new KeySet(seed);
    set.add(toBytes(keys));
    expect(set.size).toBeUndefined();
  });
});
