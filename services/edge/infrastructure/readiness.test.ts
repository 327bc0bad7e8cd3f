import { describe, expect, it } from 'vitest';
import { Readiness } from './readiness.ts';

describe('an edge', () => {
  let isFed = false;
  const readiness = () =>
    new Readiness([
      { name: 'revocations', isReady: () => isFed },
      { name: 'placements', isReady: () => true },
    ]);

  it('is ready while every check holds, and says which does not', () => {
    const ready = readiness();
    isFed = false;
    expect(ready.isReady).toBe(false);
    expect(ready.report()).toEqual({ revocations: false, placements: true, accepting: true });
    isFed = true;
    expect(ready.isReady).toBe(true);
  });

  it('that drains is never ready again, whatever holds', () => {
    const ready = readiness();
    isFed = true;
    ready.drain();
    expect(ready.isReady).toBe(false);
    expect(ready.report()).toEqual({ revocations: true, placements: true, accepting: false });
  });
});
