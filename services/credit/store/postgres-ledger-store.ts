import { and, asc, desc, eq, gt, inArray, isNull, lt, lte, or, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/pg-core';
import type { IdGenerator } from '../../mesh/id/id.ts';
import type { Sql } from '../../mesh/sql/database.ts';
import type { Grant, GrantOrder } from '../domain/grant.ts';
import type { Period } from '../domain/period.ts';
import type { Transfer } from '../domain/transfer.ts';
import { postTransfer } from './post-transfer.ts';
import { account, grant, organization, posting, transfer } from './schema.ts';

/** What an organization has at a moment. */
export interface Balance {
  readonly availableMicros: bigint;
  readonly heldMicros: bigint;
  /** What was used without cover; zero or more. */
  readonly debtMicros: bigint;
  /** The grants with something left, in the order they are used. */
  readonly grants: readonly Grant[];
}

/** The ledger in Postgres or PGlite. Whatever moves credits of an organization locks the organization's row first. */
export class PostgresLedgerStore {
  readonly #sql: Sql;
  readonly #createId: IdGenerator;

  constructor({ sql, createId }: { readonly sql: Sql; readonly createId: IdGenerator }) {
    this.#sql = sql;
    this.#createId = createId;
  }

  /** Makes the organization known, or changes the plan of its next allocation. */
  async setPlan(organizationId: string, plan: string, nowMs: number): Promise<void> {
    await this.#sql
      .insert(organization)
      .values({ organizationId, plan, createTime: new Date(nowMs) })
      .onConflictDoUpdate({ target: organization.organizationId, set: { plan } });
  }

  /** Gives credits, once however often the order is placed. The organization must be known. */
  async give(
    order: GrantOrder,
    nowMs: number,
  ): Promise<{ readonly grant: Grant; readonly created: boolean }> {
    return this.#sql.transaction(async (tx) => {
      await lockOrganization(tx, order.organizationId);
      const [existing] = await selectGrants(tx, eq(grant.idempotencyKey, order.idempotencyKey));
      if (existing) return { grant: existing, created: false };
      const { organizationId, idempotencyKey, source, priority, amountMicros, expireTime = null } = order;
      const grantId = this.#createId('gnt');
      const createTime = new Date(nowMs);
      await tx.insert(grant).values({
        grantId,
        organizationId,
        idempotencyKey,
        source,
        priority,
        amountMicros,
        createTime,
        expireTime,
      });
      await postTransfer(tx, this.#posting(organizationId, nowMs), {
        purpose: 'grant',
        amountMicros,
        debit: { kind: 'issued' },
        credit: { kind: 'available', grantId },
        description: source,
      });
      const created = {
        grantId,
        source,
        amountMicros,
        availableMicros: amountMicros,
        createTime,
        expireTime,
      };
      return { grant: created, created: true };
    });
  }

  /** What the organization has. A grant whose time is over counts no more, swept or not. */
  async balance(organizationId: string, nowMs: number): Promise<Balance> {
    const now = new Date(nowMs);
    // One statement each, and read as one: a transfer between the two would be counted twice or not at all.
    return this.#sql.transaction(
      async (tx) => {
        const grants = await selectGrants(
          tx,
          and(
            eq(grant.organizationId, organizationId),
            gt(account.balanceMicros, 0n),
            or(isNull(grant.expireTime), gt(grant.expireTime, now)),
          ),
        );
        const [sums] = await tx
          .select({ held: sumOf('held'), debt: sumOf('debt') })
          .from(account)
          .where(and(eq(account.organizationId, organizationId), inArray(account.kind, ['held', 'debt'])));
        return {
          availableMicros: grants.reduce((sum, one) => sum + one.availableMicros, 0n),
          heldMicros: BigInt(sums?.held ?? 0),
          debtMicros: -BigInt(sums?.debt ?? 0),
          grants,
        };
      },
      { isolationLevel: 'repeatable read', accessMode: 'read only' },
    );
  }

  /** The organization's transfers before that sequence, newest first. */
  async transfers(
    organizationId: string,
    page: { readonly before: bigint | undefined; readonly limit: number },
  ): Promise<Transfer[]> {
    const [debitPosting, creditPosting] = [alias(posting, 'debit_posting'), alias(posting, 'credit_posting')];
    const [debit, credit] = [alias(account, 'debit'), alias(account, 'credit')];
    const rows = await this.#sql
      .select({ transfer, debit, credit })
      .from(transfer)
      .innerJoin(
        debitPosting,
        and(eq(debitPosting.transferSequence, transfer.sequence), lt(debitPosting.amountMicros, 0n)),
      )
      .innerJoin(debit, eq(debit.accountId, debitPosting.accountId))
      .innerJoin(
        creditPosting,
        and(eq(creditPosting.transferSequence, transfer.sequence), gt(creditPosting.amountMicros, 0n)),
      )
      .innerJoin(credit, eq(credit.accountId, creditPosting.accountId))
      .where(
        and(
          eq(transfer.organizationId, organizationId),
          page.before === undefined ? undefined : lt(transfer.sequence, page.before),
        ),
      )
      .orderBy(desc(transfer.sequence))
      .limit(page.limit);
    return rows.map((row) => ({ ...row.transfer, debit: toName(row.debit), credit: toName(row.credit) }));
  }

  /** Organizations after that id without an allocation for the period, by id. */
  async organizationsToRenew(
    period: Period,
    page: { readonly after: string; readonly limit: number },
  ): Promise<{ readonly organizationId: string; readonly plan: string }[]> {
    // The key as planGrantKey writes it.
    const key = sql`'plan:' || ${organization.organizationId} || ':' || ${period.name}::text`;
    return this.#sql
      .select({ organizationId: organization.organizationId, plan: organization.plan })
      .from(organization)
      .leftJoin(grant, eq(grant.idempotencyKey, key))
      .where(and(gt(organization.organizationId, page.after), isNull(grant.grantId)))
      .orderBy(asc(organization.organizationId))
      .limit(page.limit);
  }

  /** Grants after that id whose time is over and whose rest was not swept, by id. */
  async grantsToSweep(
    nowMs: number,
    page: { readonly after: string; readonly limit: number },
  ): Promise<string[]> {
    const rows = await this.#sql
      .select({ grantId: grant.grantId })
      .from(grant)
      .where(
        and(isNull(grant.sweepTime), lte(grant.expireTime, new Date(nowMs)), gt(grant.grantId, page.after)),
      )
      .orderBy(asc(grant.grantId))
      .limit(page.limit);
    return rows.map((row) => row.grantId);
  }

  /** Moves what is left of a grant whose time is over to breakage. Done again, it does nothing. */
  async sweep(grantId: string, nowMs: number): Promise<void> {
    await this.#sql.transaction(async (tx) => {
      const [found] = await tx.select().from(grant).where(eq(grant.grantId, grantId));
      if (!found?.expireTime || found.expireTime.getTime() > nowMs) return;
      await lockOrganization(tx, found.organizationId);
      const balances = await tx
        .select({ kind: account.kind, micros: account.balanceMicros })
        .from(account)
        .where(eq(account.grantId, grantId));
      const left = balances.find(({ kind }) => kind === 'available')?.micros ?? 0n;
      if (left > 0n) {
        await postTransfer(tx, this.#posting(found.organizationId, nowMs), {
          purpose: 'expiry',
          amountMicros: left,
          debit: { kind: 'available', grantId },
          credit: { kind: 'breakage' },
          description: `expired: ${found.source}`,
        });
      }
      // What is held may still come back; then there is something to sweep again.
      if (balances.some(({ kind, micros }) => kind === 'held' && micros > 0n)) return;
      await tx
        .update(grant)
        .set({ sweepTime: new Date(nowMs) })
        .where(eq(grant.grantId, grantId));
    });
  }

  #posting(organizationId: string, nowMs: number) {
    return { organizationId, nowMs, transferId: this.#createId('trf') };
  }
}

async function lockOrganization(tx: Sql, organizationId: string): Promise<void> {
  const rows = await tx
    .select({ organizationId: organization.organizationId })
    .from(organization)
    .where(eq(organization.organizationId, organizationId))
    .for('update');
  if (rows.length === 0) throw new Error('the ledger does not know the organization');
}

/** Grants with what is left of them, in the order they are used: priority, expiry, creation, id. */
function selectGrants(tx: Sql, condition: SQL | undefined): Promise<Grant[]> {
  return tx
    .select({
      grantId: grant.grantId,
      source: grant.source,
      amountMicros: grant.amountMicros,
      availableMicros: account.balanceMicros,
      createTime: grant.createTime,
      expireTime: grant.expireTime,
    })
    .from(grant)
    .innerJoin(account, and(eq(account.grantId, grant.grantId), eq(account.kind, 'available')))
    .where(condition)
    .orderBy(grant.priority, sql`${grant.expireTime} NULLS LAST`, grant.createTime, grant.grantId);
}

function sumOf(kind: 'held' | 'debt'): SQL<string | null> {
  return sql<string | null>`sum(${account.balanceMicros}) FILTER (WHERE ${account.kind} = ${kind})`;
}

function toName({ kind, grantId }: typeof account.$inferSelect) {
  return grantId === null ? { kind } : { kind, grantId };
}
