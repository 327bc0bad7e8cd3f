import { describe, expect, it } from 'vitest';
import { Turns } from './turns.ts';

/** A task that is begun when its turn comes and ended by hand. */
function tasks(turns: Turns, count: number) {
  const begun: number[] = [];
  const open = Array.from({ length: count }, () => Promise.withResolvers<number>());
  const results = open.map(({ promise }, index) =>
    turns.run(() => {
      begun.push(index);
      return promise;
    }),
  );
  return { begun, open, results };
}

describe('Turns', () => {
  it('runs no more at a time than it may, and the others in the order they came', async () => {
    const { begun, open, results } = tasks(new Turns(2), 5);
    expect(begun).toEqual([0, 1]);
    for (const [index, done] of [1, 0, 2, 3, 4].entries()) {
      open[done]?.resolve(done * 10);
      expect(await results[done]).toBe(done * 10);
      expect(begun).toHaveLength(Math.min(5, index + 3));
    }
    expect(begun).toEqual([0, 1, 2, 3, 4]);
  });

  it('passes the turn on where a task fails, and lets nobody in between', async () => {
    const turns = new Turns(1);
    const { begun, open, results } = tasks(turns, 2);
    open[0]?.reject(new Error('broken'));
    const late = results[0]?.catch(() => turns.run(async () => begun.push(9)));
    await expect(results[0]).rejects.toThrow('broken');
    expect(begun).toEqual([0, 1]);
    open[1]?.resolve(1);
    await late;
    expect(begun).toEqual([0, 1, 9]);
  });
});
