import { eq, sql } from 'drizzle-orm';
import type { Sql } from '../../mesh/sql/database.ts';
import { type AccountName, accountKey } from '../domain/account.ts';
import type { TransferOrder } from '../domain/transfer.ts';
import { account, posting, transfer } from './schema.ts';

/** Where and when a transfer is posted. */
export interface PostingContext {
  readonly organizationId: string;
  readonly transferId: string;
  readonly nowMs: number;
}

/**
 * Posts a transfer: its two postings, and both balances. The transaction must hold the lock of the organization.
 * Fails where an account would come to the wrong side of zero.
 */
export async function postTransfer(
  tx: Sql,
  { organizationId, transferId, nowMs }: PostingContext,
  order: TransferOrder,
): Promise<void> {
  const { purpose, amountMicros, description, debit, credit } = order;
  const [row] = await tx
    .insert(transfer)
    .values({ transferId, organizationId, purpose, amountMicros, description, createTime: new Date(nowMs) })
    .returning({ sequence: transfer.sequence });
  if (!row) throw new Error('the transfer was not inserted');
  const sides = [
    { accountId: await openAccount(tx, organizationId, debit), amountMicros: -amountMicros },
    { accountId: await openAccount(tx, organizationId, credit), amountMicros },
  ];
  await tx.insert(posting).values(sides.map((side) => ({ ...side, transferSequence: row.sequence })));
  for (const side of sides) {
    await tx
      .update(account)
      .set({ balanceMicros: sql`${account.balanceMicros} + ${side.amountMicros}` })
      .where(eq(account.accountId, side.accountId));
  }
}

async function openAccount(tx: Sql, organizationId: string, name: AccountName): Promise<string> {
  const accountId = accountKey(organizationId, name);
  const { kind, grantId = null } = name;
  await tx.insert(account).values({ accountId, organizationId, kind, grantId }).onConflictDoNothing();
  return accountId;
}
