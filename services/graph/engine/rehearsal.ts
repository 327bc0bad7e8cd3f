import { generateKeyPairSync } from 'node:crypto';
import type { JWK } from 'jose';
import type { Tier } from '../../mesh/plan/tier-table.ts';
import type { EngineConfig } from './protocol.ts';

/** A small tier: nothing runs in a rehearsal, and the process does not know yet which tier it will serve. */
const tier: Tier = {
  id: 'standard',
  instance: '',
  databasesPerNode: 1,
  bufferPoolBytes: 64 * 2 ** 20,
  storageBytesMax: 2 ** 30,
  queryTimeoutMs: 1_000,
  statementCharactersMax: 1_000,
  batchRows: 1,
  subgraphsMax: 0,
  statementsMax: 1,
  threadsPerStatement: 1,
  readsWaitingMax: 1,
  writesWaitingMax: 1,
  writers: 'ec2',
  readers: undefined,
};

/** What a process opens before it knows its graph: an empty one in memory, which no caller can reach. */
export function rehearsalConfig(): EngineConfig {
  const { publicKey } = generateKeyPairSync('ed25519');
  return {
    graphId: 'rehearsal',
    organizationId: '',
    repository: '',
    tier,
    epoch: 0n,
    databasePath: ':memory:',
    workDirectory: process.cwd(),
    verificationKey: publicKey.export({ format: 'jwk' }) as JWK,
    logLevel: 'silent',
    isCareful: false,
  };
}
