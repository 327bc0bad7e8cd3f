import { ConfigError } from '../config/config.ts';
import { JsonSetting } from '../config/json-setting.ts';
import {
  type EnvironmentId,
  environments,
  type Plan,
  type PlanId,
  planIds,
  type SharedRepository,
  type Tier,
  type TierId,
  type TierReaders,
  TierTable,
  tierIds,
} from './tier-table.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/** Statements that may run at a time beside the threads that an engine process keeps for itself. */
const statementsMost = 12;

const limitKeys = [
  'queryTimeoutSeconds',
  'statementCharacters',
  'rowsPerBatch',
  'storageGib',
  'subgraphs',
  'concurrentStatements',
  'threadsPerStatement',
  'waitingReads',
  'waitingWrites',
  'writers',
  'readers',
] as const;

/**
 * Reads the text of a file of tiers for one environment. All of it is checked, the columns of the other environments
 * too. Throws ConfigError, which names file, path, what is allowed and the value's shape.
 */
export function parseTierTable(text: string, file: string, environment: EnvironmentId): TierTable {
  const { plans, tiers, sharedRepositories } = new JsonSetting(file, parseJson(text, file)).object([
    'plans',
    'tiers',
    'sharedRepositories',
  ]);
  const eachPlan = plans.object(planIds);
  const eachTier = tiers.object(tierIds);
  const parsedTiers = tierIds.map((id) => parseTier(id, eachTier[id], environment));
  return new TierTable({
    environment,
    plans: planIds.map((id) => parsePlan(id, eachPlan[id])),
    tiers: parsedTiers.filter((tier) => tier !== undefined),
    repositories: [...sharedRepositories.entries()].map(([name, value]) => parseRepository(name, value)),
  });
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new ConfigError(`${file} must be JSON: ${(error as Error).message}`);
  }
}

function parsePlan(id: PlanId, value: JsonSetting): Plan {
  const plan = value.object(['priceCentsPerMonth', 'creditsPerMonth', 'graphs']);
  return {
    id,
    priceCentsPerMonth: plan.priceCentsPerMonth.integer(0, 10_000_000),
    creditsPerMonth: plan.creditsPerMonth.integer(0, 1_000_000_000),
    graphsMax: plan.graphs.integer(1, 100_000),
  };
}

/** The tier as the environment offers it; undefined where it does not. */
function parseTier(id: TierId, value: JsonSetting, environment: EnvironmentId): Tier | undefined {
  const tier = value.object([...limitKeys, ...environments]);
  const columns = environments.map((name) => [name, parseColumn(id, tier[name], name)] as const);
  const column = new Map(columns).get(environment);
  const limits = {
    queryTimeoutMs: tier.queryTimeoutSeconds.integer(1, 3_600) * 1_000,
    statementCharactersMax: tier.statementCharacters.integer(100, 1_000_000),
    batchRows: tier.rowsPerBatch.integer(1, 100_000),
    storageBytesMax: tier.storageGib.integer(1, 65_536) * gibibyte,
    subgraphsMax: tier.subgraphs.integerOr('unlimited', 0, 10_000),
    statementsMax: tier.concurrentStatements.integer(1, statementsMost),
    threadsPerStatement: tier.threadsPerStatement.integer(1, 64),
    readsWaitingMax: tier.waitingReads.integer(0, 10_000),
    writesWaitingMax: tier.waitingWrites.integer(0, 10_000),
    writers: tier.writers.oneOf(['ec2']),
    readers: parseReaders(tier.readers),
  };
  return column && { id, ...column, ...limits };
}

/**
 * The column of one environment. Null stands for a tier that staging does not offer; standard, which graphs get that
 * name none, is offered everywhere.
 */
function parseColumn(id: TierId, value: JsonSetting, environment: EnvironmentId) {
  if (value.isNull && environment === 'staging' && id !== 'standard') return undefined;
  // A pool for the node is divided: a buffer pool belongs to one process, and each database has its own.
  const memoryKey = value.has('memoryMibPerNode') ? 'memoryMibPerNode' : 'memoryMibPerDatabase';
  const column = value.object(['instance', 'databasesPerNode', memoryKey]);
  const databasesPerNode = column.databasesPerNode.integer(1, 1_000);
  const share = memoryKey === 'memoryMibPerNode' ? databasesPerNode : 1;
  const memoryMib = column[memoryKey].integer(64 * share, 1_048_576);
  const isAnyMachine = environment === 'development' && column.instance.isNull;
  return {
    instance: isAnyMachine
      ? ''
      : column.instance.text(/^[a-z0-9-]+\.[a-z0-9-]+$/, 'a type of machine such as "r7g.large"'),
    databasesPerNode,
    bufferPoolBytes: Math.floor(memoryMib / share) * mebibyte,
  };
}

function parseReaders(value: JsonSetting): TierReaders | undefined {
  if (value.isNull) return undefined;
  const readers = value.object(['on', 'min', 'max']);
  const min = readers.min.integer(0, 1_000);
  return { on: readers.on.oneOf(['fargate']), min, max: readers.max.integer(Math.max(1, min), 1_000) };
}

function parseRepository(name: string, value: JsonSetting): SharedRepository {
  if (!/^[a-z][a-z0-9-]{1,31}$/.test(name)) {
    throw value.refused('must be named by 2 to 32 lower-case letters, digits and dashes, a letter first');
  }
  const { displayName, description } = value.object(['displayName', 'description']);
  return {
    name,
    displayName: displayName.text(/^.{1,100}$/u, 'a text of 1 to 100 characters in one line'),
    description: description.text(/^.{1,1000}$/u, 'a text of 1 to 1,000 characters in one line'),
  };
}
