import { expect, test } from 'vitest';
import { createLogger } from '../../mesh/log/logger.ts';
import { createManualClock } from '../testing.ts';
import { createRepetition } from './repetition.ts';

const log = createLogger('iam-test', 'silent');

test('the first run begins at the start, the next ones an interval after each end, failed ones too', async () => {
  const clock = createManualClock();
  let runs = 0;
  const run = async () => {
    runs++;
    if (runs === 2) throw new Error('once');
  };
  const repetition = createRepetition({ name: 'test', intervalMs: 100, run, clock, log });
  expect(runs).toBe(0);
  repetition.start();
  for (const expected of [1, 2, 3]) {
    await clock.whenSleeping(1);
    expect(runs).toBe(expected);
    clock.advance(99);
    expect(runs).toBe(expected);
    clock.advance(1);
  }
  await clock.whenSleeping(1);
  await repetition.close();
  clock.advance(1_000);
  expect(runs).toBe(4);
});

test('closing tells the run under way and waits for its end', async () => {
  const clock = createManualClock();
  const events: string[] = [];
  const run = (signal: AbortSignal) =>
    new Promise<void>((resolve) => {
      signal.addEventListener('abort', () => {
        events.push('told');
        queueMicrotask(() => {
          events.push('ended');
          resolve();
        });
      });
    });
  const repetition = createRepetition({ name: 'test', intervalMs: 100, run, clock, log });
  repetition.start();
  await repetition.close();
  expect(events).toEqual(['told', 'ended']);
});

test('closing what never started is fine', async () => {
  const run = async () => {};
  await createRepetition({ name: 'test', intervalMs: 1, run, clock: createManualClock(), log }).close();
});
