import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { LimitCategory } from '../../../gen/trellis/policy/v1/policy_pb.js';
import type { LeaseGrant, LeaseRequest } from './lease.ts';
import { createLocalLimiter, type Decision, type LocalLimiterOptions } from './local-limiter.ts';

const key = (principalId: string, plan = 'standard') => ({ principalId, plan });
const { GRAPH_QUERY, AI } = LimitCategory;

/** A lease service that has `tokens` and gives what is wanted; a hook may answer otherwise. */
function openLimiter({
  tokens = 1_000,
  ...options
}: { tokens?: number } & Partial<LocalLimiterOptions> = {}) {
  const clock = { nowMs: 5_000 };
  const service = { tokens, lost: false, requests: [] as LeaseRequest[], released: [] as [string, number][] };
  let ids = 0;
  const acquire = async (request: LeaseRequest): Promise<LeaseGrant> => {
    service.requests.push(request);
    if (service.lost) throw new Error('the service is gone');
    const granted = Math.min(request.wants, service.tokens);
    service.tokens -= granted;
    return {
      leaseId: granted > 0 ? `lse_${++ids}` : '',
      granted,
      expireAfterMs: granted > 0 ? 10_000 : 0,
      limit: 60,
      remaining: service.tokens,
      retryAfterMs: granted > 0 ? 0 : 1_000,
    };
  };
  const release = async (leaseId: string, unused: number) => {
    service.released.push([leaseId, unused]);
    if (service.lost) throw new Error('the service is gone');
    service.tokens += unused;
  };
  const limiter = createLocalLimiter({ acquire, release, clock: () => clock.nowMs, ...options });
  const takeMany = (count: number, subject = key('key_1')) =>
    Promise.all(Array.from({ length: count }, () => limiter.take(subject, GRAPH_QUERY)));
  return { clock, service, limiter, takeMany };
}

const allowedOf = (decisions: readonly Decision[]) => decisions.filter((decision) => decision.allowed).length;

describe('LocalLimiter', () => {
  it('decides at once and without a call while leased tokens are there', async () => {
    const { limiter, service, takeMany } = openLimiter();
    await takeMany(3);
    await limiter.take(key('key_1'), GRAPH_QUERY);
    const calls = service.requests.length;
    const decision = limiter.take(key('key_1'), GRAPH_QUERY);
    expect(decision).toMatchObject({ allowed: true, limit: 60 });
    expect(service.requests).toHaveLength(calls);
  });

  it('asks for one lease however many calls wait for it, and for as many tokens as they need', async () => {
    const { service, takeMany } = openLimiter();
    expect(allowedOf(await takeMany(100))).toBe(100);
    expect(service.requests.map((request) => request.wants)).toEqual([200]);
  });

  it('admits exactly the tokens that it was granted and refuses the rest', async () => {
    const { service, takeMany } = openLimiter({ tokens: 7 });
    const decisions = await takeMany(20);
    expect(allowedOf(decisions)).toBe(7);
    expect(decisions.at(-1)).toEqual({ allowed: false, limit: 60, retryAfterMs: 1_000 });
    expect(service.tokens).toBe(0);
  });

  it('remembers a refusal until the next token comes, so that a flood makes no call', async () => {
    const { clock, limiter, service, takeMany } = openLimiter({ tokens: 0 });
    await takeMany(1);
    clock.nowMs += 400;
    for (let i = 0; i < 10_000; i++) {
      expect(limiter.take(key('key_1'), GRAPH_QUERY)).toEqual({
        allowed: false,
        limit: 60,
        retryAfterMs: 600,
      });
    }
    expect(service.requests).toHaveLength(1);
    clock.nowMs += 600;
    service.tokens = 1;
    expect(await limiter.take(key('key_1'), GRAPH_QUERY)).toMatchObject({ allowed: true });
  });

  it('keeps subjects and categories apart', async () => {
    const { limiter, service } = openLimiter({ tokens: 2 });
    await limiter.take(key('key_1'), GRAPH_QUERY);
    await limiter.take(key('key_1'), AI);
    expect(await limiter.take(key('key_2'), AI)).toMatchObject({ allowed: false });
    expect(service.requests.map(({ subject, category }) => [subject, category])).toEqual([
      [key('key_1'), GRAPH_QUERY],
      [key('key_1'), AI],
      [key('key_2'), AI],
    ]);
  });

  it('asks for what the observed rate needs for two seconds, and for less when it falls', async () => {
    const { clock, limiter, service } = openLimiter({ tokens: 100_000 });
    for (let i = 0; i < 400; i++) {
      clock.nowMs += 10;
      await limiter.take(key('key_1'), GRAPH_QUERY);
    }
    expect(service.requests.at(-1)?.wants).toBe(200);
    for (let i = 0; i < 10; i++) {
      clock.nowMs += 4_000;
      limiter.sweep();
      await limiter.take(key('key_1'), GRAPH_QUERY);
    }
    expect(service.requests.at(-1)?.wants).toBe(1);
  });

  it('fetches the next lease before the last one is used up, so that nobody waits', async () => {
    const { clock, limiter, takeMany } = openLimiter({ tokens: 100_000 });
    await takeMany(50);
    let waited = 0;
    for (let i = 0; i < 1_000; i++) {
      clock.nowMs += 10;
      const decision = limiter.take(key('key_1'), GRAPH_QUERY);
      if (decision instanceof Promise) waited += 1;
      await decision;
    }
    expect(waited).toBe(0);
  });

  it('hands out no token of a lease near its end', async () => {
    const { clock, limiter, service, takeMany } = openLimiter({ tokens: 6 });
    await takeMany(3);
    expect(service.tokens).toBe(0);
    clock.nowMs += 8_000;
    service.tokens = 0;
    const decision = await limiter.take(key('key_1'), GRAPH_QUERY);
    expect(service.released[0]).toEqual(['lse_1', 3]);
    expect(decision.allowed).toBe(true);
    expect(service.requests).toHaveLength(2);
  });

  it('gives unused tokens back in time, once', async () => {
    const { clock, limiter, service, takeMany } = openLimiter();
    await takeMany(3);
    clock.nowMs += 7_999;
    limiter.sweep();
    expect(service.released).toEqual([]);
    clock.nowMs += 1;
    limiter.sweep();
    limiter.sweep();
    expect(service.released).toEqual([['lse_1', 3]]);
    await limiter.close();
    expect(service.released).toHaveLength(1);
  });

  it('tells the service when a lease is used up, so that its place refills', async () => {
    const { limiter, service } = openLimiter({ tokens: 1 });
    await limiter.take(key('key_1'), GRAPH_QUERY);
    expect(service.released).toEqual([['lse_1', 0]]);
  });

  it('knows a bounded number of buckets and gives the tokens of the others back', async () => {
    const { limiter, service } = openLimiter({ bucketsMax: 2 });
    for (const id of ['key_1', 'key_2', 'key_3']) {
      await Promise.all([limiter.take(key(id), AI), limiter.take(key(id), AI)]);
    }
    expect(service.released).toEqual([['lse_1', 2]]);
  });

  it('answers calls whose bucket was pushed out while they waited, and keeps none of their tokens', async () => {
    const { limiter, service } = openLimiter({ bucketsMax: 1, tokens: 100 });
    const waiting = ['key_1', 'key_2', 'key_1', 'key_3'].map((id) => limiter.take(key(id), AI));
    expect(allowedOf(await Promise.all(waiting))).toBe(4);
    await limiter.close();
    expect(service.tokens).toBe(96);
  });

  it('gives everything back at close, also leases that come in afterwards, and refuses from then on', async () => {
    const { limiter, service, takeMany } = openLimiter({ tokens: 100 });
    await takeMany(3);
    const late = limiter.take(key('key_2'), AI);
    await limiter.close();
    expect(await late).toMatchObject({ allowed: false });
    expect(service.tokens).toBe(97);
    expect(limiter.take(key('key_1'), GRAPH_QUERY)).toMatchObject({ allowed: false });
  });

  describe('without a lease service', () => {
    it('goes on with what the bucket had left, refilled at the last known rate', async () => {
      const { clock, limiter, service, takeMany } = openLimiter({ tokens: 5 });
      await takeMany(1);
      await takeMany(1);
      expect(service.tokens).toBe(3);
      service.lost = true;
      expect(allowedOf(await takeMany(10))).toBe(3);
      expect(limiter.take(key('key_1'), GRAPH_QUERY)).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
      clock.nowMs += 2_000;
      expect(allowedOf(await takeMany(10))).toBe(2);
      clock.nowMs += 3_600_000;
      expect(allowedOf(await takeMany(100))).toBe(60);
    });

    it('gives callers it never saw the limit of their plan, or a small one where it knows none', async () => {
      const { service, takeMany } = openLimiter({ unknownLimit: 4 });
      await takeMany(1);
      service.lost = true;
      await takeMany(1, key('key_9', 'premium'));
      expect(allowedOf(await takeMany(100, key('key_2')))).toBe(60);
      expect(allowedOf(await takeMany(100, key('key_3', 'premium')))).toBe(4);
    });

    it('asks once a second whether the service is back, and waits for none of these answers', async () => {
      const { clock, limiter, service, takeMany } = openLimiter();
      await takeMany(1);
      service.lost = true;
      await takeMany(1, key('key_2'));
      const calls = service.requests.length;
      for (let i = 0; i < 30; i++) {
        clock.nowMs += 100;
        expect(limiter.take(key('key_2'), GRAPH_QUERY)).toMatchObject({ allowed: true });
        await setImmediate();
      }
      expect(service.requests.length - calls).toBe(3);
    });

    it('leases again when the service is back, and tells of each change once', async () => {
      const changes: string[] = [];
      const { clock, service, takeMany, limiter } = openLimiter({
        onServiceChange: (lost) => changes.push(lost ? (lost.cause as Error).message : 'back'),
      });
      service.lost = true;
      await takeMany(3);
      await takeMany(3, key('key_2'));
      service.lost = false;
      clock.nowMs += 1_000;
      await takeMany(1);
      await vi.waitFor(() => expect(changes).toEqual(['the service is gone', 'back']));
      const before = service.tokens;
      await limiter.take(key('key_3'), GRAPH_QUERY);
      expect(service.tokens).toBe(before - 2);
    });
  });
});
