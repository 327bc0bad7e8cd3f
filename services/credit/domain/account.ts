/**
 * What an account holds. Each organization has its own; `available` and `held` there are for each grant.
 *
 * | kind      | balance | what                                                    |
 * | --------- | ------- | ------------------------------------------------------- |
 * | issued    | ≤ 0     | where credits come from                                 |
 * | available | ≥ 0     | what is left of a grant                                 |
 * | held      | ≥ 0     | what operations under way hold of a grant               |
 * | consumed  | ≥ 0     | what was used                                           |
 * | breakage  | ≥ 0     | what expired unused                                     |
 * | debt      | ≤ 0     | what was used without cover and is still to be paid     |
 * | writeoff  | ≤ 0     | what was used without cover and will never be paid      |
 */
export type AccountKind = 'issued' | 'available' | 'held' | 'consumed' | 'breakage' | 'debt' | 'writeoff';

/** An account of an organization. */
export interface AccountName {
  readonly kind: AccountKind;
  /** For `available` and `held`. */
  readonly grantId?: string;
}

/** The account as clients see it, such as `issued` or `available:gnt_…`. */
export function accountLabel({ kind, grantId }: AccountName): string {
  return grantId === undefined ? kind : `${kind}:${grantId}`;
}

/** The account's key in the whole ledger. */
export function accountKey(organizationId: string, name: AccountName): string {
  return `${organizationId}/${accountLabel(name)}`;
}
