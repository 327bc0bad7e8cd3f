/** The plans, cheapest first. */
export const planIds = ['standard', 'enterprise', 'premium'] as const;

/** The tiers, smallest first: one for each plan, and that of the shared repositories. */
export const tierIds = [...planIds, 'shared'] as const;

/** What a mesh is run for: each has its own column in the file of tiers. */
export const environments = ['production', 'staging', 'development'] as const;

export type PlanId = (typeof planIds)[number];
export type TierId = (typeof tierIds)[number];
export type EnvironmentId = (typeof environments)[number];

/** What an organization pays for. */
export interface Plan {
  readonly id: PlanId;
  readonly priceCentsPerMonth: number;
  /** AI credits given each month. */
  readonly creditsPerMonth: number;
  /** Graphs of the organization; subgraphs count for their parent instead. */
  readonly graphsMax: number;
}

/** Processes that read a graph beside its writer. */
export interface TierReaders {
  readonly on: 'fargate';
  readonly min: number;
  readonly max: number;
}

/** What one graph of a tier may use. Plain data: engine processes are sent it when they are told what to open. */
export interface Tier {
  readonly id: TierId;
  /** The machine it is meant for; empty where any will do. */
  readonly instance: string;
  /** Graphs open at a time on one node. */
  readonly databasesPerNode: number;
  /** The engine's buffer pool. */
  readonly bufferPoolBytes: number;
  /** The graph's database file and its log; free pages of the file do not count. */
  readonly storageBytesMax: number;
  readonly queryTimeoutMs: number;
  readonly statementCharactersMax: number;
  /** Rows in one message of a streamed result. */
  readonly batchRows: number;
  /** Subgraphs of one graph; Infinity where the tier does not limit them. */
  readonly subgraphsMax: number;
  /** Statements of one graph that run at a time. */
  readonly statementsMax: number;
  /** Threads with which the engine runs one of them, as far as the machine has so many. */
  readonly threadsPerStatement: number;
  /** Reads that may wait for one of them to end. */
  readonly readsWaitingMax: number;
  readonly writesWaitingMax: number;
  readonly writers: 'ec2';
  readonly readers: TierReaders | undefined;
}

/** A graph with a public name that organizations subscribe to. */
export interface SharedRepository {
  /** Its public name, which stands for the graph's id in every call. */
  readonly name: string;
  readonly displayName: string;
  readonly description: string;
}

/** What the file of tiers says for one environment. The one source of plans, tiers and repositories. */
export class TierTable {
  readonly environment: EnvironmentId;
  readonly plans: readonly Plan[];
  /** The tiers that the environment offers, smallest first. */
  readonly tiers: readonly Tier[];
  readonly repositories: readonly SharedRepository[];

  constructor(content: Pick<TierTable, 'environment' | 'plans' | 'tiers' | 'repositories'>) {
    this.environment = content.environment;
    this.plans = content.plans;
    this.tiers = content.tiers;
    this.repositories = content.repositories;
  }

  /** The plan with this id, if there is one. */
  findPlan(id: string): Plan | undefined {
    return this.plans.find((plan) => plan.id === id);
  }

  /** The tier with this id, if the environment offers it. */
  findTier(id: string): Tier | undefined {
    return this.tiers.find((tier) => tier.id === id);
  }

  /** The repository with this name, if there is one. */
  findRepository(name: string): SharedRepository | undefined {
    return this.repositories.find((repository) => repository.name === name);
  }

  /** Graphs that a node of a tier holds open; a node of all tiers has room for the one that needs most. */
  databasesPerNode(tier: string): number {
    const counts = this.tiers
      .filter(({ id }) => tier === '*' || tier === id)
      .map(({ databasesPerNode }) => databasesPerNode);
    return Math.min(...counts);
  }
}

/** True where the plan includes the tier: its own and those before it. */
export function planIncludesTier(plan: Plan, tier: string): boolean {
  const included: readonly string[] = tierIds.slice(0, tierIds.indexOf(plan.id) + 1);
  return included.includes(tier);
}
