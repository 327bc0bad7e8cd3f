import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { LimitCategory } from '../../gen/trellis/policy/v1/policy_pb.js';
import { createLocalLimiter } from '../mesh/limit/local-limiter.ts';
import { fc } from '../mesh/properties.testing.ts';
import { InProcessLeaseStore } from './store/in-process-lease-store.ts';

/** Edges with their local limiters on one store and one clock. */
function openEdges(count: number, limit: number) {
  const clock = { nowMs: 0 };
  let ids = 0;
  const store = new InProcessLeaseStore({
    nowMicros: () => clock.nowMs * 1_000,
    createId: (prefix) => `${prefix}_${++ids}`,
  });
  const edges = Array.from({ length: count }, () =>
    createLocalLimiter({
      clock: () => clock.nowMs,
      acquire: async ({ wants }) => {
        const grant = await store.acquire('b', limit, wants);
        return {
          leaseId: grant.leaseId,
          granted: grant.tokens,
          expireAfterMs: grant.expireAfterMicros / 1_000,
          limit,
          remaining: grant.remaining,
          retryAfterMs: grant.retryAfterMicros / 1_000,
        };
      },
      release: (leaseId, unused) => store.release(leaseId, unused),
    }),
  );
  return { clock, store, edges };
}

const subject = { principalId: 'key_1', plan: 'standard' };

async function takeMany(edge: ReturnType<typeof createLocalLimiter> | undefined, calls: number) {
  const taken = Array.from({ length: calls }, () => edge?.take(subject, LimitCategory.AI));
  return (await Promise.all(taken)).filter((decision) => decision?.allowed).length;
}

describe('edges', () => {
  it('admit together no more than the limit in any span of time', async () => {
    const burst = fc.record({
      edge: fc.nat(4),
      calls: fc.integer({ min: 1, max: 60 }),
      waitMs: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 15_000 })),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 120 }),
        fc.array(fc.array(burst, { minLength: 1, maxLength: 4 }), { maxLength: 25 }),
        async (limit, rounds) => {
          const { clock, edges } = openEdges(5, limit);
          const uses: { readonly atMs: number; readonly tokens: number }[] = [];
          for (const round of rounds) {
            for (const { waitMs } of round) clock.nowMs += waitMs;
            for (const edge of edges) edge.sweep();
            const tokens = await Promise.all(round.map(({ edge, calls }) => takeMany(edges[edge], calls)));
            uses.push({ atMs: clock.nowMs, tokens: tokens.reduce((sum, one) => sum + one, 0) });
          }
          for (const [index, first] of uses.entries()) {
            let used = 0;
            for (const use of uses.slice(index)) {
              used += use.tokens;
              expect(used * 60_000).toBeLessThanOrEqual(limit * 60_000 + (use.atMs - first.atMs) * limit);
            }
          }
        },
      ),
      { numRuns: 60 },
    );
  });

  it('lose no token: all at once get the whole limit, whichever edges they come to', async () => {
    const { edges } = openEdges(3, 100);
    const tokens = await Promise.all(edges.map((edge) => takeMany(edge, 100)));
    expect(tokens.reduce((sum, one) => sum + one, 0)).toBe(100);
    for (const one of tokens) expect(one).toBeGreaterThan(0);
  });

  it.each([2, 60, 600])(
    'admit a caller at the rate of its limit of %i minute after minute',
    async (limit) => {
      const { clock, edges } = openEdges(1, limit);
      await takeMany(edges[0], limit);
      let admitted = 0;
      const minutes = 5;
      for (let ms = 0; ms < minutes * 60_000; ms += 50) {
        clock.nowMs += 50;
        if (ms % 1_000 === 0) edges[0]?.sweep();
        admitted += await takeMany(edges[0], 1);
        await setImmediate();
      }
      expect(admitted).toBeGreaterThanOrEqual(minutes * limit * 0.99 - 1);
      expect(admitted).toBeLessThanOrEqual(minutes * limit);
    },
  );

  it('let a quiet edge have a token while a busy one holds a lease', async () => {
    const { edges } = openEdges(2, 10);
    await takeMany(edges[0], 4);
    expect(await takeMany(edges[1], 1)).toBe(1);
  });
});
