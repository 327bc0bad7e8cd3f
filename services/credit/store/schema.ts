import { sql } from 'drizzle-orm';
import {
  bigint,
  check,
  foreignKey,
  index,
  integer,
  pgSchema,
  primaryKey,
  text,
  timestamp,
} from 'drizzle-orm/pg-core';
import type { AccountKind } from '../domain/account.ts';
import type { TransferPurpose } from '../domain/transfer.ts';

/** The Postgres schema that the service owns. */
export const credit = pgSchema('credit');

const micros = (name: string) => bigint(name, { mode: 'bigint' });
const time = (name: string) => timestamp(name, { withTimezone: true, precision: 3 });

/** The organizations that have a ledger. Whoever posts for one locks its row first. */
export const organization = credit.table('organization', {
  organizationId: text('organization_id').primaryKey(),
  /** The plan of its next allocation. */
  plan: text('plan').notNull(),
  createTime: time('create_time').notNull(),
});

/** Credits given for a time. What is left of one is the balance of its accounts. */
export const grant = credit.table(
  'grant',
  {
    grantId: text('grant_id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    idempotencyKey: text('idempotency_key').notNull().unique(),
    source: text('source').notNull(),
    priority: integer('priority').notNull(),
    amountMicros: micros('amount_micros').notNull(),
    createTime: time('create_time').notNull(),
    expireTime: time('expire_time'),
    /** When the rest of it went to breakage. */
    sweepTime: time('sweep_time'),
  },
  (table) => [
    check('grant_amount_positive', sql`${table.amountMicros} > 0`),
    check('grant_expires_later', sql`${table.expireTime} > ${table.createTime}`),
    index('grant_by_organization').on(table.organizationId),
    index('grant_to_sweep').on(table.expireTime).where(sql`${table.sweepTime} IS NULL`),
  ],
);

/** Each balance is the sum of the account's postings. */
export const account = credit.table(
  'account',
  {
    accountId: text('account_id').primaryKey(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    kind: text('kind').$type<AccountKind>().notNull(),
    grantId: text('grant_id').references(() => grant.grantId),
    balanceMicros: micros('balance_micros').notNull().default(sql`0`),
  },
  (table) => [
    check(
      'account_balance_side',
      sql`CASE WHEN ${table.kind} IN ('issued', 'debt', 'writeoff') THEN ${table.balanceMicros} <= 0
          WHEN ${table.kind} IN ('available', 'held', 'consumed', 'breakage') THEN ${table.balanceMicros} >= 0
          ELSE false END`,
    ),
    check('account_of_grant', sql`(${table.kind} IN ('available', 'held')) = (${table.grantId} IS NOT NULL)`),
    index('account_by_organization').on(table.organizationId),
    index('account_by_grant').on(table.grantId),
  ],
);

/** Movements between two accounts; never changed, never deleted. */
export const transfer = credit.table(
  'transfer',
  {
    /** The order of posting; within an organization also the order of commit. */
    sequence: bigint('sequence', { mode: 'bigint' }).primaryKey().generatedAlwaysAsIdentity(),
    transferId: text('transfer_id').notNull().unique(),
    organizationId: text('organization_id')
      .notNull()
      .references(() => organization.organizationId),
    purpose: text('purpose').$type<TransferPurpose>().notNull(),
    amountMicros: micros('amount_micros').notNull(),
    description: text('description').notNull(),
    createTime: time('create_time').notNull(),
  },
  (table) => [
    check('transfer_amount_positive', sql`${table.amountMicros} > 0`),
    check('transfer_purpose_known', sql`${table.purpose} IN ('grant', 'expiry')`),
    index('transfer_by_organization').on(table.organizationId, table.sequence),
  ],
);

/** The two sides of a transfer: what leaves an account is negative. They sum to zero; never changed, never deleted. */
export const posting = credit.table(
  'posting',
  {
    transferSequence: bigint('transfer_sequence', { mode: 'bigint' }).notNull(),
    accountId: text('account_id')
      .notNull()
      .references(() => account.accountId),
    amountMicros: micros('amount_micros').notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.transferSequence, table.accountId] }),
    foreignKey({ columns: [table.transferSequence], foreignColumns: [transfer.sequence] }),
    index('posting_by_account').on(table.accountId),
  ],
);
