import { describe, expect, it, vi } from 'vitest';
import { deferred, silentLog } from '../rpc/testing.ts';
import { Shutdown } from './shutdown.ts';

describe('a shutdown', () => {
  it('runs its steps one after the other, the last added first', async () => {
    const ran: string[] = [];
    const shutdown = new Shutdown(silentLog);
    const edge = deferred();
    shutdown.add('database', async () => void ran.push('database'));
    shutdown.add('edge', async () => {
      await edge.promise;
      ran.push('edge');
    });
    const running = shutdown.run();
    await Promise.resolve();
    expect(ran).toEqual([]);
    edge.resolve();
    expect(await running).toBe(true);
    expect(ran).toEqual(['edge', 'database']);
  });

  it('runs the other steps when one fails, and says that it was not clean', async () => {
    const ran: string[] = [];
    const shutdown = new Shutdown(silentLog);
    shutdown.add('first', async () => void ran.push('first'));
    shutdown.add('bad', () => Promise.reject(new Error('bad')));
    shutdown.add('worse', () => {
      throw new Error('worse');
    });
    shutdown.add('last', async () => void ran.push('last'));
    expect(await shutdown.run()).toBe(false);
    expect(ran).toEqual(['last', 'first']);
  });

  it('runs once, however often it is asked to', async () => {
    const step = vi.fn(async () => {});
    const shutdown = new Shutdown(silentLog);
    shutdown.add('step', step);
    expect(await Promise.all([shutdown.run(), shutdown.run()])).toEqual([true, true]);
    expect(step).toHaveBeenCalledTimes(1);
  });
});
