import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { pause } from './pause.ts';

beforeEach(() => vi.useFakeTimers());
afterEach(() => vi.useRealTimers());

it('a pause ends when its time is up', async () => {
  let isOver = false;
  pause(100, new AbortController().signal).then(() => {
    isOver = true;
  });
  await vi.advanceTimersByTimeAsync(99);
  expect(isOver).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(isOver).toBe(true);
});

it('a pause ends when its signal aborts, and leaves no timer', async () => {
  const abort = new AbortController();
  const paused = pause(100, abort.signal);
  abort.abort();
  await paused;
  await pause(100, abort.signal);
  expect(vi.getTimerCount()).toBe(0);
});
