import type { AccountName } from './account.ts';

/** What a transfer is for: `grant` gives credits, `expiry` ends what is left of a grant. */
export type TransferPurpose = 'grant' | 'expiry';

/** A movement to be posted. */
export interface TransferOrder {
  readonly purpose: TransferPurpose;
  /** More than zero. */
  readonly amountMicros: bigint;
  /** The account it leaves. */
  readonly debit: AccountName;
  /** The account it reaches. */
  readonly credit: AccountName;
  /** Why, for people. */
  readonly description: string;
}

/** A posted movement. */
export interface Transfer extends TransferOrder {
  readonly transferId: string;
  /** Grows with each transfer of an organization. */
  readonly sequence: bigint;
  readonly createTime: Date;
}
