import { describe, expect, test } from 'vitest';
import { createManualClock } from '../testing.ts';
import { createWakeUps } from './wake-ups.ts';

describe('wake-ups', () => {
  const never = new AbortController().signal;

  test('a wake-up ends all sleeps, a time-out its own', async () => {
    const clock = createManualClock();
    const wakeUps = createWakeUps(clock);
    const [one, other] = [wakeUps.subscribe(), wakeUps.subscribe()];
    const sleeps = [one.sleep(1_000, never), other.sleep(2_000, never)];
    wakeUps.wake();
    await Promise.all(sleeps);
    const later = one.sleep(1_000, never);
    clock.advance(1_000);
    await later;
  });

  test('a wake-up between two sleeps ends the next one; it counts once', async () => {
    const clock = createManualClock();
    const wakeUps = createWakeUps(clock);
    const sleeper = wakeUps.subscribe();
    wakeUps.wake();
    await sleeper.sleep(1_000, never);
    let awake = false;
    const second = sleeper.sleep(1_000, never).then(() => {
      awake = true;
    });
    await clock.whenSleeping(1);
    expect(awake).toBe(false);
    clock.advance(1_000);
    await second;
  });

  test('an abort ends a sleep, and a sleep after it ends at once', async () => {
    const clock = createManualClock();
    const sleeper = createWakeUps(clock).subscribe();
    const caller = new AbortController();
    const sleep = sleeper.sleep(1_000, caller.signal);
    caller.abort();
    await sleep;
    await sleeper.sleep(1_000, caller.signal);
  });

  test('a closed subscription is gone', () => {
    const wakeUps = createWakeUps(createManualClock());
    const sleeper = wakeUps.subscribe();
    expect(wakeUps.sleeperCount).toBe(1);
    sleeper.close();
    expect(wakeUps.sleeperCount).toBe(0);
  });
});
