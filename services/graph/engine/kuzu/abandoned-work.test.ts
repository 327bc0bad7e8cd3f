import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AbandonedWork } from './abandoned-work.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const open = () => {
  const state = { mustEnd: false, ended: 0 };
  const work = new AbandonedWork<string>({
    graceMs: 3_000,
    mustEnd: (lane) => state.mustEnd && lane === 'write',
    onMustEnd: () => {
      state.ended += 1;
    },
  });
  return { state, work };
};

test('lets work go on within its grace, and longer while it is in nobody’s way', () => {
  const { state, work } = open();
  work.follow('write', new Promise(() => {}));
  state.mustEnd = true;
  vi.advanceTimersByTime(2_500);
  expect(state.ended).toBe(0);
  state.mustEnd = false;
  vi.advanceTimersByTime(60_000);
  expect(state.ended).toBe(0);
});

test('asks for the end once, when work beyond its grace has to end', () => {
  const { state, work } = open();
  work.follow('read', new Promise(() => {}));
  work.follow('write', new Promise(() => {}));
  state.mustEnd = true;
  vi.advanceTimersByTime(60_000);
  expect(state.ended).toBe(1);
});

test('forgets work that has ended', async () => {
  const { state, work } = open();
  const ended = Promise.resolve();
  work.follow('write', ended);
  await ended;
  state.mustEnd = true;
  vi.advanceTimersByTime(60_000);
  expect(state.ended).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
});
