import { afterEach, describe, expect, it } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import { type LeaseStore, leaseMicros } from './lease-store.ts';

/** A store on a clock of its own. */
export interface TestLeaseStore {
  readonly store: LeaseStore;
  advance(micros: number): Promise<void>;
  close(): Promise<void>;
}

const minuteMicros = 60_000_000;

/** What every lease store guarantees. */
export function describeLeaseStore(name: string, open: () => Promise<TestLeaseStore>): void {
  describe(name, () => {
    const opened: TestLeaseStore[] = [];
    const openOne = async () => {
      const one = await open();
      opened.push(one);
      return one;
    };
    afterEach(async () => {
      for (const one of opened.splice(0)) await one.close();
    });

    it('has a full bucket for whoever it does not know', async () => {
      const { store } = await openOne();
      expect(await store.view('b', 20)).toEqual({ remaining: 20, resetMicros: 0 });
    });

    it('grants at most what is wanted and at most a quarter of what is left', async () => {
      const { store } = await openOne();
      expect(await store.acquire('b', 100, 3)).toMatchObject({ tokens: 3, remaining: 97 });
      expect(await store.acquire('b', 100, 1_000)).toMatchObject({ tokens: 24, remaining: 73 });
    });

    it('shrinks leases to one token near the limit and grants all tokens there are', async () => {
      const { store } = await openOne();
      const granted: number[] = [];
      for (;;) {
        const { tokens } = await store.acquire('b', 20, 1_000);
        if (tokens === 0) break;
        granted.push(tokens);
      }
      expect(granted).toEqual([5, 3, 3, 2, 1, 1, 1, 1, 1, 1, 1]);
    });

    it('never grants the same token twice to callers at the same time', async () => {
      const { store } = await openOne();
      const grants = await Promise.all(Array.from({ length: 50 }, () => store.acquire('b', 20, 2)));
      expect(grants.reduce((sum, grant) => sum + grant.tokens, 0)).toBe(20);
      const ids = grants.filter((grant) => grant.tokens > 0).map((grant) => grant.leaseId);
      expect(new Set(ids).size).toBe(ids.length);
    });

    it('keeps buckets apart', async () => {
      const { store } = await openOne();
      await store.acquire('a', 1, 1);
      expect(await store.acquire('b', 1, 1)).toMatchObject({ tokens: 1 });
    });

    it('names no lease when it grants nothing, and says exactly when the next token is there', async () => {
      const { store, advance } = await openOne();
      const { leaseId } = await store.acquire('b', 7, 1);
      await store.release(leaseId, 0);
      for (let rest = 6; rest > 0; rest--) await store.release((await store.acquire('b', 7, 1)).leaseId, 0);
      const refused = await store.acquire('b', 7, 1);
      expect(refused).toEqual({
        leaseId: '',
        tokens: 0,
        expireAfterMicros: 0,
        remaining: 0,
        retryAfterMicros: Math.ceil(minuteMicros / 7),
      });
      await advance(refused.retryAfterMicros - 1);
      expect(await store.acquire('b', 7, 1)).toMatchObject({ tokens: 0, retryAfterMicros: 1 });
      await advance(1);
      expect(await store.acquire('b', 7, 1)).toMatchObject({ tokens: 1 });
    });

    it('counts the wait from the end of the leases while they fill the bucket', async () => {
      const { store, advance } = await openOne();
      await store.acquire('b', 1, 1);
      const { retryAfterMicros } = await store.acquire('b', 1, 1);
      expect(retryAfterMicros).toBe(leaseMicros + minuteMicros);
      await advance(retryAfterMicros - 1);
      expect(await store.acquire('b', 1, 1)).toMatchObject({ tokens: 0 });
      await advance(1);
      expect(await store.acquire('b', 1, 1)).toMatchObject({ tokens: 1 });
    });

    it('takes back what a lease did not use', async () => {
      const { store } = await openOne();
      const { leaseId } = await store.acquire('b', 20, 5);
      await store.release(leaseId, 4);
      expect(await store.view('b', 20)).toMatchObject({ remaining: 19 });
    });

    it('takes a lease back only once', async () => {
      const { store } = await openOne();
      await store.acquire('b', 20, 5);
      const { leaseId } = await store.acquire('b', 20, 3);
      await store.release(leaseId, 1);
      await store.release(leaseId, 3);
      expect(await store.view('b', 20)).toMatchObject({ remaining: 13 });
    });

    it('takes back no more than the lease had', async () => {
      const { store } = await openOne();
      await store.release((await store.acquire('b', 20, 5)).leaseId, 0);
      const { leaseId } = await store.acquire('b', 20, 3);
      await store.release(leaseId, 4_000_000_000);
      expect(await store.view('b', 20)).toMatchObject({ remaining: 15 });
    });

    it('takes nothing back from a lease whose time is over or that it never gave', async () => {
      const { store, advance } = await openOne();
      const { leaseId, expireAfterMicros } = await store.acquire('b', 20, 5);
      await advance(expireAfterMicros);
      const before = await store.view('b', 20);
      await store.release(leaseId, 5);
      await store.release('lse_unknown', 5);
      expect(await store.view('b', 20)).toEqual(before);
      expect(before.remaining).toBe(15);
    });

    it('refills no place that a lease still fills', async () => {
      const { store, advance } = await openOne();
      await store.acquire('b', 60, 15);
      await advance(leaseMicros - 1);
      expect(await store.view('b', 60)).toMatchObject({ remaining: 45 });
      await advance(1_000_001);
      expect(await store.view('b', 60)).toMatchObject({ remaining: 46 });
    });

    it('says exactly when the bucket is full again, whoever looks in between', async () => {
      const { store, advance } = await openOne();
      const first = await store.acquire('b', 7, 1);
      await advance(3_000_003);
      await store.acquire('b', 7, 1);
      await store.release(first.leaseId, 0);
      const { resetMicros } = await store.view('b', 7);
      await advance(resetMicros - 1);
      expect(await store.view('b', 7)).toMatchObject({ remaining: 6, resetMicros: 1 });
      await advance(1);
      expect(await store.view('b', 7)).toEqual({ remaining: 7, resetMicros: 0 });
    });

    it('keeps what was drawn when the limit rises, and drops what is too much when it falls', async () => {
      const { store } = await openOne();
      for (let i = 0; i < 5; i++) await store.acquire('b', 20, 2);
      expect(await store.view('b', 100)).toMatchObject({ remaining: 10 });
      expect(await store.view('b', 15)).toMatchObject({ remaining: 5 });
      expect(await store.view('b', 5)).toMatchObject({ remaining: 0 });
    });

    it('admits no more than capacity and refill in any span, over any edges, uses and releases', async () => {
      await fc.assert(
        fc.asyncProperty(limits, fc.array(steps, { maxLength: 60 }), async (limit, run) => {
          const one = await open();
          try {
            await checkRun(one, limit, run);
          } finally {
            await one.close();
          }
        }),
        { numRuns: 300 },
      );
    });
  });
}

const limits = fc.oneof(fc.integer({ min: 1, max: 12 }), fc.integer({ min: 1, max: 1_000 }));

const steps = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('acquire' as const),
      wants: fc.integer({ min: 1, max: 2_000 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('use' as const),
      edge: fc.nat(),
      part: fc.double({ min: 0, max: 1, noNaN: true }),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('release' as const), edge: fc.nat() }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('advance' as const),
      micros: fc.oneof(
        fc.integer({ min: 0, max: 40_000_000 }),
        fc.constantFrom(1, leaseMicros - 1, leaseMicros),
      ),
    }),
  },
);
type Step = typeof steps extends fc.Arbitrary<infer S> ? S : never;

interface EdgeLease {
  readonly leaseId: string;
  readonly endMicros: number;
  unused: number;
}

/** Runs the steps as edges do that use a lease up to its end, and checks each answer against what they saw. */
async function checkRun(
  { store, advance }: TestLeaseStore,
  limit: number,
  run: readonly Step[],
): Promise<void> {
  const uses: { readonly atMicros: number; readonly tokens: number }[] = [];
  let leases: EdgeLease[] = [];
  let nowMicros = 0;
  for (const step of run) {
    leases = leases.filter((lease) => lease.endMicros > nowMicros);
    const lease = 'edge' in step ? leases[step.edge % leases.length] : undefined;
    const before = await store.view('b', limit);
    if (step.kind === 'advance') {
      await advance(step.micros);
      nowMicros += step.micros;
    } else if (step.kind === 'acquire') {
      const grant = await store.acquire('b', limit, step.wants);
      expect(grant.tokens).toBeLessThanOrEqual(step.wants);
      expect(grant.remaining).toBe(before.remaining - grant.tokens);
      if (grant.tokens > 0) {
        leases.push({ ...grant, unused: grant.tokens, endMicros: nowMicros + grant.expireAfterMicros });
      } else {
        expect(before.remaining).toBe(0);
        expect(await store.view('b', limit)).toEqual(before);
      }
    } else if (lease && step.kind === 'use') {
      const tokens = Math.ceil(lease.unused * step.part);
      lease.unused -= tokens;
      uses.push({ atMicros: nowMicros, tokens });
    } else if (lease && step.kind === 'release') {
      await store.release(lease.leaseId, lease.unused);
      expect((await store.view('b', limit)).remaining).toBe(before.remaining + lease.unused);
      leases = leases.filter((other) => other !== lease);
    }
    const { remaining } = await store.view('b', limit);
    const out = leases.reduce((sum, one) => sum + (one.endMicros > nowMicros ? one.unused : 0), 0);
    expect(remaining + out).toBeLessThanOrEqual(limit);
  }
  expectWithinLimit(uses, limit);
}

/** Every span that begins and ends with a use, in the exact units of a token bucket. */
function expectWithinLimit(uses: readonly { atMicros: number; tokens: number }[], limit: number): void {
  for (const [index, first] of uses.entries()) {
    let used = 0;
    for (const use of uses.slice(index)) {
      used += use.tokens;
      const allowed = limit * minuteMicros + (use.atMicros - first.atMicros) * limit;
      expect(used * minuteMicros).toBeLessThanOrEqual(allowed);
    }
  }
}
