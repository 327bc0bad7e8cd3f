import { setTimeout } from 'node:timers/promises';
import { beforeEach, expect, test } from 'vitest';
import { EngineFailure } from './engine-failure.ts';
import { MemoryTurnstile } from './memory-turnstile.ts';

let isTight: boolean;
let openResults: number;
let turnstile: MemoryTurnstile;
/** Who went in, in order. */
let inside: string[];
const limits = (more: Partial<{ deadlineMs: number; signal: AbortSignal }> = {}) => ({
  deadlineMs: Number.POSITIVE_INFINITY,
  signal: new AbortController().signal,
  ...more,
});

beforeEach(() => {
  isTight = true;
  openResults = 0;
  inside = [];
  turnstile = new MemoryTurnstile({
    waitingMax: 2,
    isTight: () => isTight,
    openResults: () => openResults,
  });
});

const enter = async (name: string, lane: 'read' | 'write' = 'read', signal?: AbortSignal) => {
  await turnstile.enter(lane, limits(signal ? { signal } : {}));
  inside.push(name);
};

test('any number goes in while there is memory', () => {
  isTight = false;
  for (let i = 0; i < 100; i++) expect(turnstile.tryEnter()).toBe(true);
});

test('where it is short they go in one at a time, first come, first served', async () => {
  expect(turnstile.tryEnter()).toBe(true);
  const [first, second] = [enter('first'), enter('second')];
  expect(turnstile.tryEnter()).toBe(false);
  expect(turnstile.isWaitedFor).toBe(true);
  turnstile.leave();
  await first;
  expect(inside).toEqual(['first']);
  turnstile.leave();
  await second;
  expect(inside).toEqual(['first', 'second']);
  expect(turnstile.isWaitedFor).toBe(false);
});

test('nobody overtakes those who wait, also when there is memory again', async () => {
  expect(turnstile.tryEnter()).toBe(true);
  const first = enter('first');
  isTight = false;
  expect(turnstile.tryEnter()).toBe(false);
  await first;
  expect(turnstile.tryEnter()).toBe(true);
});

test('nobody goes in beside a result that is still read', async () => {
  openResults = 1;
  expect(turnstile.tryEnter()).toBe(false);
  const first = enter('first');
  // Longer than it takes to look again.
  await setTimeout(120);
  expect(inside).toEqual([]);
  openResults = 0;
  await first;
});

test('who waits gives up at his deadline, or when he left; too many are turned away', async () => {
  expect(turnstile.tryEnter()).toBe(true);
  const leaving = new AbortController();
  const left = enter('left', 'read', leaving.signal);
  const late = turnstile.enter('read', limits({ deadlineMs: Date.now() + 100 }));
  await expect(enter('third')).rejects.toMatchObject({ kind: 'busy' });
  leaving.abort();
  await expect(left).rejects.toMatchObject({ kind: 'cancelled' });
  await expect(late).rejects.toMatchObject({ kind: 'timeout' });
  turnstile.leave();
  expect(turnstile.tryEnter()).toBe(true);
});

test('writes that wait can be refused, reads wait on', async () => {
  expect(turnstile.tryEnter()).toBe(true);
  const [read, write] = [enter('read'), enter('write', 'write')];
  turnstile.refuseWrites(new EngineFailure('closed', 'replaced'));
  await expect(write).rejects.toMatchObject({ kind: 'closed' });
  turnstile.leave();
  await read;
});
