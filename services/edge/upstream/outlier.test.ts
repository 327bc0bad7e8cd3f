import { describe, expect, it } from 'vitest';
import { createHealth, endInterval, type Health, isEjected } from './outlier.ts';

/** Endpoints with so many successes and failures. */
const healthsOf = (...counts: readonly (readonly [number, number])[]): Health[] =>
  counts.map(([successCount, failureCount]) => ({ ...createHealth(), successCount, failureCount }));

const ejectedAt = (healths: readonly Health[], nowMs: number) =>
  healths.map((health) => isEjected(health, nowMs));

describe('an endpoint', () => {
  it('that fails nearly always is ejected, for as long as the others serve', () => {
    const healths = healthsOf([100, 0], [0, 100]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 29_999)).toEqual([false, true]);
    expect(ejectedAt(healths, 30_000)).toEqual([false, false]);
  });

  it('that few calls were made to is not judged', () => {
    const healths = healthsOf([100, 0], [0, 19]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 0)).toEqual([false, false]);
  });

  it('that fails no more than the failure percentage is not ejected among few', () => {
    const healths = healthsOf([100, 0], [15, 85]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 0)).toEqual([false, false]);
  });

  it('that fails much more often than the others is ejected', () => {
    const healths = healthsOf([99, 1], [98, 2], [100, 0], [99, 1], [100, 0], [60, 40]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 0)).toEqual([false, false, false, false, false, true]);
  });

  it('that fails a little more often than the others is not ejected', () => {
    const healths = healthsOf([100, 0], [100, 0], [100, 0], [100, 0], [100, 0], [95, 5]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 0).some(Boolean)).toBe(false);
  });

  it('is ejected longer each time in a row, up to a limit', () => {
    const [good, bad] = healthsOf([0, 0], [0, 0]) as [Health, Health];
    let nowMs = 0;
    const durationsMs = Array.from({ length: 11 }, () => {
      bad.failureCount = 100;
      endInterval([good, bad], nowMs);
      const durationMs = bad.ejectedUntilMs - nowMs;
      nowMs = bad.ejectedUntilMs;
      return durationMs;
    });
    expect(durationsMs).toEqual([30, 60, 90, 120, 150, 180, 210, 240, 270, 300, 300].map((s) => s * 1_000));
  });

  it('is forgiven a step with each interval in which it behaves', () => {
    const [good, bad] = healthsOf([0, 0], [0, 100]) as [Health, Health];
    endInterval([good, bad], 0);
    bad.successCount = 100;
    endInterval([good, bad], 40_000);
    bad.failureCount = 100;
    endInterval([good, bad], 50_000);
    expect(bad.ejectedUntilMs).toBe(80_000);
  });

  it('is judged anew in each interval', () => {
    const healths = healthsOf([100, 0], [0, 15]);
    endInterval(healths, 0);
    for (const health of healths) health.failureCount += 15;
    endInterval(healths, 10_000);
    expect(ejectedAt(healths, 10_000)).toEqual([false, false]);
  });
});

describe('at most half of the endpoints', () => {
  it.each([
    [1, 0],
    [2, 1],
    [3, 1],
    [4, 2],
    [5, 2],
  ])('of %i are ejected: %i', (count, ejectedCount) => {
    const healths = healthsOf(...Array.from({ length: count }, () => [0, 100] as const));
    endInterval(healths, 0);
    for (const health of healths) health.failureCount = 100;
    endInterval(healths, 10_000);
    expect(ejectedAt(healths, 10_000).filter(Boolean)).toHaveLength(ejectedCount);
  });

  it('are ejected, the worst of them', () => {
    const healths = healthsOf([5, 95], [0, 100], [6, 94]);
    endInterval(healths, 0);
    expect(ejectedAt(healths, 0)).toEqual([false, true, false]);
  });
});
