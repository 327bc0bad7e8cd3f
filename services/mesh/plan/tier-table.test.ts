import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../config/config.ts';
import { parseTierTable } from './parse-tier-table.ts';
import { readTierTable } from './read-tier-table.ts';
import { environments, planIncludesTier } from './tier-table.ts';

const own = readFileSync(new URL('./tiers.json', import.meta.url), 'utf8');
const gibibyte = 2 ** 30;

// biome-ignore lint/suspicious/noExplicitAny: tests break the file in every way
type Content = any;

/** What parsing says of the project's own file after a change. */
function refusal(
  change: (content: Content) => void,
  environment: (typeof environments)[number] = 'production',
) {
  const content = JSON.parse(own);
  change(content);
  try {
    parseTierTable(JSON.stringify(content), 'my.json', environment);
    return 'accepted';
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.message;
  }
}

describe("the project's own file", () => {
  test('has the plans of the design', () => {
    const plans = readTierTable({}).plans.map(({ id, priceCentsPerMonth, creditsPerMonth, graphsMax }) => {
      return [id, priceCentsPerMonth, creditsPerMonth, graphsMax];
    });
    expect(plans).toEqual([
      ['standard', 4_999, 10_000, 5],
      ['enterprise', 19_999, 50_000, 25],
      ['premium', 49_999, 200_000, 100],
    ]);
  });

  test('has the tiers of the design in production', () => {
    const { tiers } = readTierTable({ TRELLIS_ENVIRONMENT: 'production' });
    const table = tiers.map((tier) => [
      tier.id,
      tier.instance,
      tier.databasesPerNode,
      tier.queryTimeoutMs / 1000,
      tier.statementCharactersMax,
      tier.batchRows,
      tier.subgraphsMax,
    ]);
    expect(table).toEqual([
      ['standard', 'r7g.large', 10, 30, 10_000, 1_000, 0],
      ['enterprise', 'r7g.large', 1, 120, 50_000, 5_000, 10],
      ['premium', 'r7g.xlarge', 1, 300, 100_000, 10_000, Number.POSITIVE_INFINITY],
      ['shared', 'r7g.large', 3, 300, 100_000, 10_000, 0],
    ]);
    expect(tiers.slice(0, 3).map(({ bufferPoolBytes }) => bufferPoolBytes / gibibyte)).toEqual([2, 14, 28]);
    expect(tiers.map(({ readers }) => readers)).toEqual([
      undefined,
      undefined,
      { on: 'fargate', min: 0, max: 20 },
      { on: 'fargate', min: 2, max: 20 },
    ]);
  });

  test('offers standard and shared in staging, and a node of all tiers has room for the one that needs most', () => {
    const staging = readTierTable({ TRELLIS_ENVIRONMENT: 'staging' });
    expect(staging.tiers.map(({ id, databasesPerNode }) => [id, databasesPerNode])).toEqual([
      ['standard', 10],
      ['shared', 3],
    ]);
    expect(staging.findTier('premium')).toBeUndefined();
    expect([staging.databasesPerNode('standard'), staging.databasesPerNode('*')]).toEqual([10, 3]);
  });

  test('divides a pool for the node among its databases: together they have no more than it', () => {
    const shared = readTierTable({ TRELLIS_ENVIRONMENT: 'production' }).findTier('shared');
    const together = (shared?.bufferPoolBytes ?? 0) * (shared?.databasesPerNode ?? 0);
    expect(together).toBeLessThanOrEqual(14 * gibibyte);
    expect(together).toBeGreaterThan(13.9 * gibibyte);
  });

  test('is read for development where no environment is set, with all tiers and the memory of a laptop', () => {
    const { environment, tiers } = readTierTable({});
    expect(environment).toBe('development');
    expect(tiers).toHaveLength(4);
    for (const { bufferPoolBytes } of tiers) expect(bufferPoolBytes).toBeLessThanOrEqual(2 * gibibyte);
  });
});

test('a plan includes its own tier and those before it, never that of the repositories', () => {
  const [standard, , premium] = readTierTable({}).plans;
  if (!standard || !premium) throw new Error('no plans');
  expect(
    ['standard', 'enterprise', 'premium', 'shared', 'gold'].map((id) => planIncludesTier(standard, id)),
  ).toEqual([true, false, false, false, false]);
  expect(
    ['standard', 'enterprise', 'premium', 'shared', 'gold'].map((id) => planIncludesTier(premium, id)),
  ).toEqual([true, true, true, false, false]);
});

describe('a file that breaks a rule stops the start with file, path, rule and shape', () => {
  const cases: [string, (content: Content) => void, string][] = [
    [
      'a text for a number',
      (c) => (c.tiers.standard.queryTimeoutSeconds = '30'),
      'tiers.standard.queryTimeoutSeconds must be a whole number from 1 to 3600; it is a text of 2 characters',
    ],
    [
      'a fraction',
      (c) => (c.tiers.premium.rowsPerBatch = 1.5),
      'tiers.premium.rowsPerBatch must be a whole number from 1 to 100000; it is a fraction',
    ],
    [
      'too much',
      (c) => (c.tiers.shared.concurrentStatements = 13),
      'tiers.shared.concurrentStatements must be a whole number from 1 to 12; it is a whole number of 2 digits',
    ],
    [
      'less than nothing',
      (c) => (c.plans.standard.graphs = -5),
      'plans.standard.graphs must be a whole number from 1 to 100000; it is a negative number of 1 digits',
    ],
    [
      'another word',
      (c) => (c.tiers.premium.subgraphs = 'many'),
      'tiers.premium.subgraphs must be a whole number from 0 to 10000, or "unlimited"; it is a text of 4 characters',
    ],
    [
      'an unknown key',
      (c) => (c.tiers.standard.memory = 5),
      'tiers.standard.memory is not known; known are queryTimeoutSeconds',
    ],
    [
      'an unknown tier',
      (c) => (c.tiers.gold = {}),
      'tiers.gold is not known; known are standard, enterprise, premium, shared',
    ],
    ['a missing tier', (c) => delete c.tiers.premium, 'tiers.premium is missing'],
    ['a missing limit', (c) => delete c.tiers.enterprise.subgraphs, 'tiers.enterprise.subgraphs is missing'],
    ['a missing column', (c) => delete c.tiers.enterprise.staging, 'tiers.enterprise.staging is missing'],
    [
      'standard not offered',
      (c) => (c.tiers.standard.staging = null),
      'tiers.standard.staging must be an object; it is null',
    ],
    [
      'not offered in production',
      (c) => (c.tiers.premium.production = null),
      'tiers.premium.production must be an object; it is null',
    ],
    [
      'two kinds of memory',
      (c) => (c.tiers.shared.production.memoryMibPerDatabase = 1_000),
      'tiers.shared.production.memoryMibPerDatabase is not known',
    ],
    [
      'a pool too small to divide',
      (c) => (c.tiers.shared.production.memoryMibPerNode = 100),
      'tiers.shared.production.memoryMibPerNode must be a whole number from 192 to',
    ],
    [
      'no machine in production',
      (c) => (c.tiers.standard.production.instance = null),
      'tiers.standard.production.instance must be a type of machine such as "r7g.large"; it is null',
    ],
    [
      'readers turned round',
      (c) => (c.tiers.shared.readers = { on: 'fargate', min: 5, max: 2 }),
      'tiers.shared.readers.max must be a whole number from 5 to 1000',
    ],
    ['a list', (c) => (c.plans = []), 'plans must be an object; it is a list of 0'],
    [
      'a repository that could be an id',
      (c) => (c.sharedRepositories.kg_1 = {}),
      'sharedRepositories.kg_1 must be named by 2 to 32 lower-case letters',
    ],
    [
      'a repository without words',
      (c) => (c.sharedRepositories.sec.displayName = ''),
      'sharedRepositories.sec.displayName must be a text of 1 to 100 characters in one line; it is a text of 0 characters',
    ],
  ];
  test.each(cases)('%s', (_, change, message) => {
    expect(refusal(change)).toContain(`my.json: ${message}`);
  });

  test('in the column of another environment too', () => {
    for (const environment of environments) {
      const message = refusal((c) => (c.tiers.standard.production.databasesPerNode = 0), environment);
      expect(message).toContain('tiers.standard.production.databasesPerNode must be a whole number from 1');
    }
  });

  test('as what is no JSON, and a file that cannot be read, does', () => {
    expect(() => parseTierTable('{', 'my.json', 'staging')).toThrow('my.json must be JSON');
    expect(() => readTierTable({ TRELLIS_TIERS_FILE: '/nowhere/tiers.json' })).toThrow(
      'TRELLIS_TIERS_FILE must name a file',
    );
    expect(() => readTierTable({ TRELLIS_ENVIRONMENT: 'test' })).toThrow(
      'must be one of production, staging, development',
    );
  });
});
