import { describe, expect, it } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import {
  advanceBucket,
  createBucket,
  leaseTokens,
  microsUntilToken,
  releaseTokens,
  viewBucket,
} from './bucket.ts';
import { limitMax } from './limit-table.ts';

/** A bucket without tokens and without leases. */
function drained(limit: number) {
  const bucket = createBucket(limit, 0);
  while (leaseTokens(bucket, { id: 'l', wants: limit, endMicros: 1 }, 0) > 0)
    releaseTokens(bucket, 'l', 0, 0);
  return bucket;
}

describe('bucket', () => {
  it('refills the same however often it is looked at', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 10_000 }),
        fc.array(fc.integer({ min: 0, max: 3_000_000 }), { maxLength: 50 }),
        (limit, gaps) => {
          const [watched, left] = [drained(limit), drained(limit)];
          let nowMicros = 0;
          for (const gap of gaps) {
            nowMicros += gap;
            advanceBucket(watched, nowMicros);
          }
          advanceBucket(left, nowMicros);
          expect(watched).toEqual(left);
        },
      ),
    );
  });

  it('promises each token to the microsecond, up to the largest limit', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: limitMax }), fc.nat(59_999_999), (limit, startMicros) => {
        const bucket = drained(limit);
        advanceBucket(bucket, startMicros);
        const wait = microsUntilToken(bucket);
        const nowMicros = startMicros + wait;
        if (wait > 0) expect(viewBucket(bucket, nowMicros - 1).remaining).toBe(0);
        expect(viewBucket(bucket, nowMicros).remaining).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it('loses nothing at the largest limit', () => {
    const bucket = createBucket(limitMax, 0);
    const tokens = leaseTokens(bucket, { id: 'l', wants: limitMax, endMicros: 10 }, 0);
    expect(tokens).toBe(limitMax / 4);
    releaseTokens(bucket, 'l', 1, 5);
    expect(viewBucket(bucket, 5)).toEqual({ remaining: 75_000_001, resetMicros: 15_000_000 });
  });
});
