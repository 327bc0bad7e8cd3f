import { describe, expect, it } from 'vitest';
import { createLogger } from '../../mesh/log/logger.ts';
import { createManualClock } from '../testing.ts';
import { createScheduler } from './scheduler.ts';

const log = createLogger('credit-test', 'silent');
const hourMs = 3_600_000;
const monthEnd = Date.UTC(2026, 11, 1);

function openScheduler(nowMs: number, run: (signal: AbortSignal) => Promise<void>) {
  const clock = createManualClock(nowMs);
  return { clock, scheduler: createScheduler({ run, intervalMs: hourMs, clock, log }) };
}

describe('scheduler', () => {
  it('runs at the start, each interval, and when the month begins', async () => {
    const runs: number[] = [];
    const { clock, scheduler } = openScheduler(monthEnd - 1.5 * hourMs, async () => {
      runs.push(clock.now());
    });
    scheduler.start();
    for (let i = 0; i < 3; i++) clock.set(await clock.sleeping());
    await clock.sleeping();
    await scheduler.close();
    expect(runs).toEqual([-1.5, -0.5, 0, 1].map((hours) => monthEnd + hours * hourMs));
  });

  it('goes on after a run that failed', async () => {
    let runs = 0;
    const { clock, scheduler } = openScheduler(0, async () => {
      runs++;
      throw new Error('the database is gone');
    });
    scheduler.start();
    clock.set(await clock.sleeping());
    await clock.sleeping();
    await scheduler.close();
    expect(runs).toBe(2);
  });

  it('at close tells the run under way, waits for it and starts no other', async () => {
    const events: string[] = [];
    const { scheduler } = openScheduler(0, (signal) => {
      events.push('begin');
      return new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          events.push('told');
          setImmediate(() => {
            events.push('end');
            resolve();
          });
        });
      });
    });
    scheduler.start();
    await scheduler.close();
    expect(events).toEqual(['begin', 'told', 'end']);
  });

  it('closes without ever having started', async () => {
    const { scheduler } = openScheduler(0, async () => {});
    await expect(scheduler.close()).resolves.toBeUndefined();
  });
});
