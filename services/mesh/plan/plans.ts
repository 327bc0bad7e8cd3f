/** What an organization pays for. Source: the tier table of the product. */
export interface Plan {
  readonly id: 'standard' | 'enterprise' | 'premium';
  readonly priceCentsPerMonth: number;
  /** AI credits given each month. */
  readonly creditsPerMonth: number;
  readonly graphsMax: number;
}

/** The plans, cheapest first. */
export const plans: readonly Plan[] = [
  { id: 'standard', priceCentsPerMonth: 4_999, creditsPerMonth: 10_000, graphsMax: 5 },
  { id: 'enterprise', priceCentsPerMonth: 19_999, creditsPerMonth: 50_000, graphsMax: 25 },
  { id: 'premium', priceCentsPerMonth: 49_999, creditsPerMonth: 200_000, graphsMax: 100 },
];

/** What one graph of a tier may use on its node. */
export interface Tier {
  readonly id: 'standard' | 'enterprise' | 'premium';
  /** Graphs open at a time on one node. */
  readonly graphsPerNode: number;
  /** The engine's buffer pool. */
  readonly bufferPoolBytes: number;
  /** The graph's database file and its log; free pages of the file do not count. */
  readonly storageBytesMax: number;
  readonly queryTimeoutMs: number;
  readonly statementCharactersMax: number;
  /** Rows in one message of a streamed result. */
  readonly batchRows: number;
}

/** The tiers, cheapest first. A plan may use its own tier and those before it. */
export const tiers: readonly Tier[] = [
  {
    id: 'standard',
    graphsPerNode: 10,
    bufferPoolBytes: 512 * 2 ** 20,
    storageBytesMax: 10 * 2 ** 30,
    queryTimeoutMs: 30_000,
    statementCharactersMax: 10_000,
    batchRows: 1_000,
  },
  {
    id: 'enterprise',
    graphsPerNode: 1,
    bufferPoolBytes: 14 * 2 ** 30,
    storageBytesMax: 100 * 2 ** 30,
    queryTimeoutMs: 120_000,
    statementCharactersMax: 50_000,
    batchRows: 5_000,
  },
  {
    id: 'premium',
    graphsPerNode: 1,
    bufferPoolBytes: 28 * 2 ** 30,
    storageBytesMax: 500 * 2 ** 30,
    queryTimeoutMs: 300_000,
    statementCharactersMax: 100_000,
    batchRows: 10_000,
  },
];

/** The plan with this id, if there is one. */
export function findPlan(id: string): Plan | undefined {
  return plans.find((plan) => plan.id === id);
}

/** The tier with this id, if there is one. */
export function findTier(id: string): Tier | undefined {
  return tiers.find((tier) => tier.id === id);
}

/** True where the plan includes the tier. */
export function planIncludesTier(plan: Plan, tier: Tier): boolean {
  return tiers.indexOf(tier) <= tiers.findIndex((own) => own.id === plan.id);
}
