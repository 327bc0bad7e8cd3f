import { eq, inArray, sql } from 'drizzle-orm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fc } from '../../mesh/properties.testing.ts';
import type { Database } from '../../mesh/sql/database.ts';
import { testDatabases } from '../../mesh/sql/testing.ts';
import { type GrantOrder, planGrantKey } from '../domain/grant.ts';
import { createCountingIds, openCreditDatabase } from '../testing.ts';
import { postTransfer } from './post-transfer.ts';
import { PostgresLedgerStore } from './postgres-ledger-store.ts';
import { account, grant, organization, posting, transfer } from './schema.ts';

const startMs = Date.UTC(2026, 10, 5);
const dayMs = 86_400_000;

describe.each(testDatabases)('PostgresLedgerStore on $name', (kind) => {
  let database: Database;
  let store: PostgresLedgerStore;
  const createId = createCountingIds();

  beforeAll(async () => {
    database = await openCreditDatabase(kind);
    store = new PostgresLedgerStore({ sql: database.sql, createId });
  });
  afterAll(() => database.close());

  async function openOrganization() {
    const organizationId = createId('org');
    await store.setPlan(organizationId, 'standard', startMs);
    return organizationId;
  }

  function order(organizationId: string, fields: Partial<GrantOrder> = {}): GrantOrder {
    const idempotencyKey = createId('key');
    return { organizationId, idempotencyKey, source: 'top-up', priority: 20, amountMicros: 5n, ...fields };
  }

  it('gives one grant for one key, however many ask at the same time', async () => {
    const organizationId = await openOrganization();
    const same = order(organizationId, { amountMicros: 7n });
    const answers = await Promise.all(Array.from({ length: 8 }, () => store.give(same, startMs)));
    expect(answers.filter((answer) => answer.created)).toHaveLength(1);
    expect(new Set(answers.map((answer) => answer.grant.grantId)).size).toBe(1);
    expect((await store.balance(organizationId, startMs)).availableMicros).toBe(7n);
  });

  it('keeps amounts exact beyond 2^53', async () => {
    const organizationId = await openOrganization();
    const amountMicros = 2n ** 53n + 1n;
    await store.give(order(organizationId, { amountMicros }), startMs);
    expect((await store.balance(organizationId, startMs)).availableMicros).toBe(amountMicros);
    const [only] = await store.transfers(organizationId, { before: undefined, limit: 10 });
    expect(only?.amountMicros).toBe(amountMicros);
  });

  it('lists grants in the order they are used: priority, expiry, creation, id', async () => {
    const organizationId = await openOrganization();
    const give = async (source: string, priority: number, days: number | undefined, atMs: number) =>
      store.give(
        order(organizationId, {
          source,
          priority,
          ...(days !== undefined && { expireTime: new Date(startMs + days * dayMs) }),
        }),
        atMs,
      );
    await give('never', 20, undefined, startMs);
    await give('late', 20, 9, startMs);
    await give('younger', 20, 5, startMs + 1);
    await give('older', 20, 5, startMs);
    await give('older, next id', 20, 5, startMs);
    await give('first', 10, undefined, startMs + 2);
    const { grants } = await store.balance(organizationId, startMs + 3);
    const sources = grants.map(({ source }) => source);
    expect(sources).toEqual(['first', 'older', 'older, next id', 'younger', 'late', 'never']);
  });

  it('counts a grant up to its end and not from then on, swept or not', async () => {
    const organizationId = await openOrganization();
    const expireTime = new Date(startMs + dayMs);
    const { grant: given } = await store.give(order(organizationId, { expireTime }), startMs);
    expect((await store.balance(organizationId, startMs + dayMs - 1)).availableMicros).toBe(5n);
    expect(await store.balance(organizationId, startMs + dayMs)).toMatchObject({
      availableMicros: 0n,
      grants: [],
    });
    await store.sweep(given.grantId, startMs + dayMs);
    expect(await store.balance(organizationId, startMs + dayMs)).toMatchObject({
      availableMicros: 0n,
      grants: [],
    });
  });

  it('sweeps no grant before its end, and each once', async () => {
    const organizationId = await openOrganization();
    const expireTime = new Date(startMs + dayMs);
    const { grant: given } = await store.give(order(organizationId, { expireTime }), startMs);
    await store.sweep(given.grantId, startMs + dayMs - 1);
    expect(await store.grantsToSweep(startMs + dayMs - 1, { after: '', limit: 100 })).not.toContain(
      given.grantId,
    );
    expect((await store.balance(organizationId, startMs)).availableMicros).toBe(5n);
    expect(await store.grantsToSweep(startMs + dayMs, { after: '', limit: 100 })).toContain(given.grantId);
    await Promise.all([1, 2, 3].map(() => store.sweep(given.grantId, startMs + dayMs)));
    expect(await store.grantsToSweep(startMs + dayMs, { after: '', limit: 100 })).not.toContain(
      given.grantId,
    );
    const transfers = await store.transfers(organizationId, { before: undefined, limit: 10 });
    expect(
      transfers.map(({ purpose, amountMicros, debit, credit }) => [purpose, amountMicros, debit, credit]),
    ).toEqual([
      ['expiry', 5n, { kind: 'available', grantId: given.grantId }, { kind: 'breakage' }],
      ['grant', 5n, { kind: 'issued' }, { kind: 'available', grantId: given.grantId }],
    ]);
  });

  it('sweeps again while something of the grant is held', async () => {
    const organizationId = await openOrganization();
    const expireTime = new Date(startMs + dayMs);
    const { grant: given } = await store.give(order(organizationId, { expireTime }), startMs);
    const move = (debit: 'available' | 'held', credit: 'available' | 'held') =>
      database.sql.transaction((tx) =>
        postTransfer(
          tx,
          { organizationId, transferId: createId('trf'), nowMs: startMs },
          {
            purpose: 'grant',
            amountMicros: 2n,
            debit: { kind: debit, grantId: given.grantId },
            credit: { kind: credit, grantId: given.grantId },
            description: 'hold',
          },
        ),
      );
    await move('available', 'held');
    expect(await store.balance(organizationId, startMs)).toMatchObject({
      availableMicros: 3n,
      heldMicros: 2n,
    });
    await store.sweep(given.grantId, startMs + dayMs);
    expect(await store.grantsToSweep(startMs + dayMs, { after: '', limit: 100 })).toContain(given.grantId);
    await move('held', 'available');
    await store.sweep(given.grantId, startMs + dayMs);
    expect(await store.grantsToSweep(startMs + dayMs, { after: '', limit: 100 })).not.toContain(
      given.grantId,
    );
  });

  it('finds the organizations without an allocation for the month, page by page', async () => {
    const organizationIds = [await openOrganization(), await openOrganization(), await openOrganization()];
    const [first = '', second, third] = organizationIds;
    const period = { name: '2026-11-01', end: new Date(Date.UTC(2026, 11)) };
    const before = first.slice(0, -1);
    await store.give(order(second ?? '', { idempotencyKey: planGrantKey(second ?? '', period) }), startMs);
    const found = async (after: string, limit: number) =>
      (await store.organizationsToRenew(period, { after, limit })).map((one) => one.organizationId);
    expect((await found(before, 1_000)).filter((id) => organizationIds.includes(id))).toEqual([first, third]);
    expect(await found(first, 1)).toEqual([third]);
  });

  it('refuses to give to an organization that it does not know', async () => {
    await expect(store.give(order('org_unknown'), startMs)).rejects.toThrow();
  });

  it('lets no account come to the wrong side of zero', async () => {
    const organizationId = await openOrganization();
    const overdraw = database.sql.transaction((tx) =>
      postTransfer(
        tx,
        { organizationId, transferId: createId('trf'), nowMs: startMs },
        {
          purpose: 'grant',
          amountMicros: 1n,
          debit: { kind: 'consumed' },
          credit: { kind: 'breakage' },
          description: 'x',
        },
      ),
    );
    await expect(overdraw).rejects.toMatchObject({ cause: { constraint: 'account_balance_side' } });
    expect(await store.transfers(organizationId, { before: undefined, limit: 10 })).toEqual([]);
  });

  it('keeps no transfer whose postings do not sum to zero, or that has none', async () => {
    const organizationId = await openOrganization();
    await store.give(order(organizationId), startMs);
    const insert = (...amounts: bigint[]) =>
      database.sql.transaction(async (tx) => {
        const [row] = await tx
          .insert(transfer)
          .values({
            transferId: createId('trf'),
            organizationId,
            purpose: 'grant',
            amountMicros: 5n,
            description: 'x',
            createTime: new Date(startMs),
          })
          .returning();
        const accounts = await tx.select().from(account).where(eq(account.organizationId, organizationId));
        for (const [index, amountMicros] of amounts.entries()) {
          const accountId = accounts[index]?.accountId ?? '';
          await tx.insert(posting).values({ transferSequence: row?.sequence ?? 0n, accountId, amountMicros });
        }
      });
    await expect(insert()).rejects.toThrow();
    await expect(insert(5n)).rejects.toThrow();
    await expect(insert(-5n, 4n)).rejects.toThrow();
    await expect(insert(-4n, 4n)).rejects.toThrow();
    expect(await store.transfers(organizationId, { before: undefined, limit: 10 })).toHaveLength(1);
    await insert(-5n, 5n);
  });

  it('changes and deletes no transfer and no posting', async () => {
    const organizationId = await openOrganization();
    await store.give(order(organizationId), startMs);
    const before = await database.sql
      .select()
      .from(posting)
      .orderBy(posting.transferSequence, posting.amountMicros);
    for (const attempt of [
      database.sql.update(transfer).set({ amountMicros: 1n }),
      database.sql.delete(transfer),
      database.sql.update(posting).set({ amountMicros: sql`-${posting.amountMicros}` }),
      database.sql.delete(posting),
      database.sql.execute(sql`TRUNCATE ${transfer}, ${posting}`),
    ]) {
      await expect(attempt).rejects.toMatchObject({ cause: { code: '23001' } });
    }
    const after = await database.sql
      .select()
      .from(posting)
      .orderBy(posting.transferSequence, posting.amountMicros);
    expect(after).toEqual(before);
  });

  it('balances to zero after any grants, repeats and expiries, in parallel, and shows what is left', async () => {
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('give' as const),
        organization: fc.nat(1),
        key: fc.nat(5),
        amountMicros: fc.bigInt({ min: 1n, max: 10n ** 15n }),
        days: fc.option(fc.integer({ min: 1, max: 20 })),
        callers: fc.integer({ min: 1, max: 3 }),
      }),
      fc.record({ kind: fc.constant('sweep' as const), callers: fc.integer({ min: 1, max: 3 }) }),
      fc.record({ kind: fc.constant('wait' as const), days: fc.integer({ min: 1, max: 8 }) }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
        const organizationIds = [await openOrganization(), await openOrganization()];
        const model = new Map<string, { organizationId: string; micros: bigint; endMs: number }>();
        let nowMs = startMs;
        for (const one of steps) {
          if (one.kind === 'wait') nowMs += one.days * dayMs;
          if (one.kind === 'sweep') {
            const grantIds = await sweepable(organizationIds, nowMs);
            await Promise.all(
              grantIds.flatMap((id) => Array.from({ length: one.callers }, () => store.sweep(id, nowMs))),
            );
          }
          if (one.kind !== 'give') continue;
          const organizationId = organizationIds[one.organization] ?? '';
          const idempotencyKey = `${organizationId}/${one.key}`;
          const endMs = one.days === null ? Number.POSITIVE_INFINITY : nowMs + one.days * dayMs;
          const placed = order(organizationId, {
            idempotencyKey,
            amountMicros: one.amountMicros,
            ...(one.days !== null && { expireTime: new Date(endMs) }),
          });
          const answers = await Promise.all(
            Array.from({ length: one.callers }, () => store.give(placed, nowMs)),
          );
          expect(answers.filter((answer) => answer.created)).toHaveLength(model.has(idempotencyKey) ? 0 : 1);
          if (model.has(idempotencyKey)) continue;
          model.set(idempotencyKey, { organizationId, micros: one.amountMicros, endMs });
        }
        await expectBalanced(organizationIds);
        for (const organizationId of organizationIds) {
          const left = [...model.values()].filter(
            (one) => one.organizationId === organizationId && one.endMs > nowMs,
          );
          const { availableMicros, grants } = await store.balance(organizationId, nowMs);
          expect(availableMicros).toBe(left.reduce((sum, one) => sum + one.micros, 0n));
          expect(grants).toHaveLength(left.length);
        }
      }),
      { numRuns: 40 },
    );
  });

  async function sweepable(organizationIds: string[], nowMs: number): Promise<string[]> {
    const due = await store.grantsToSweep(nowMs, { after: '', limit: 10_000 });
    const own = await database.sql.select().from(grant).where(inArray(grant.organizationId, organizationIds));
    return own.map((one) => one.grantId).filter((id) => due.includes(id));
  }

  async function expectBalanced(organizationIds: string[]): Promise<void> {
    const accounts = await database.sql
      .select()
      .from(account)
      .where(inArray(account.organizationId, organizationIds));
    expect(accounts.reduce((sum, one) => sum + one.balanceMicros, 0n)).toBe(0n);
    const postings = await database.sql
      .select({ accountId: posting.accountId, amountMicros: posting.amountMicros })
      .from(posting)
      .innerJoin(transfer, eq(transfer.sequence, posting.transferSequence))
      .where(inArray(transfer.organizationId, organizationIds));
    const sums = Object.fromEntries(accounts.map((one) => [one.accountId, 0n]));
    for (const one of postings) sums[one.accountId] = (sums[one.accountId] ?? 0n) + one.amountMicros;
    expect(sums).toEqual(Object.fromEntries(accounts.map((one) => [one.accountId, one.balanceMicros])));
  }

  it('knows an organization by its last plan', async () => {
    const organizationId = await openOrganization();
    await store.setPlan(organizationId, 'premium', startMs + 1);
    const rows = await database.sql
      .select()
      .from(organization)
      .where(eq(organization.organizationId, organizationId));
    expect(rows).toEqual([{ organizationId, plan: 'premium', createTime: new Date(startMs) }]);
  });
});
