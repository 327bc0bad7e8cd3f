import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { BulkLane } from './bulk-lane.ts';

const turn = 32 * 1024;
let nowMs = 0;
let spentMs = 0;
let lane: BulkLane;
let wentOn: string[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  [nowMs, spentMs, wentOn] = [0, 0, []];
  lane = new BulkLane({ share: 0.25, now: () => nowMs, spentMs: () => spentMs });
});

afterEach(() => {
  vi.useRealTimers();
});

const answer = (name: string, onTurn = () => {}) => ({
  goOn: () => {
    wentOn.push(name);
    onTurn();
  },
});

function pass(ms: number, costMs = 0): void {
  nowMs += ms;
  spentMs += costMs;
  vi.advanceTimersByTime(2);
}

describe('large answers', () => {
  it('wait for nobody while no small one goes out', () => {
    const a = answer('a');
    expect(Array.from({ length: 100 }, () => lane.take(turn, a))).not.toContain(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('wait after each turn for three times what it cost the process', () => {
    lane.noteSmall();
    const a = answer('a');
    expect(lane.take(turn - 1, a)).toBe(true);
    expect(lane.take(1, a)).toBe(false);
    pass(7, 2);
    expect(wentOn).toEqual([]);
    pass(1);
    expect(wentOn).toEqual(['a']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('go on after 40 ms, however busy the process is', () => {
    lane.noteSmall();
    lane.take(turn, answer('a'));
    pass(39, 39);
    expect(wentOn).toEqual([]);
    pass(1, 1);
    expect(wentOn).toEqual(['a']);
  });

  it('go on at once when no small one went out for a while', () => {
    lane.noteSmall();
    nowMs = 199;
    lane.take(turn, answer('a'));
    pass(1, 20);
    expect(wentOn).toEqual([]);
    pass(1);
    expect(wentOn).toEqual(['a']);
    expect(lane.take(turn, answer('b'))).toBe(true);
  });

  it('share their turns, first come, first served', () => {
    lane.noteSmall();
    const a = answer('a', () => void lane.take(turn, a));
    const [b, c] = [answer('b'), answer('c')];
    lane.take(turn, a);
    lane.take(turn, b);
    lane.take(turn, c);
    pass(40, 1);
    expect(wentOn).toEqual(['a']);
    pass(40, 1);
    expect(wentOn).toEqual(['a', 'b', 'c', 'a']);
  });

  it('that end give up their place', () => {
    lane.noteSmall();
    const a = answer('a');
    lane.take(turn, a);
    lane.leave(a);
    pass(40);
    expect(wentOn).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });
});
