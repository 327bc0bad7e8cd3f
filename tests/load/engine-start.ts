/**
 * What an engine process costs until it is a spare, confined as the daemon confines it, and what the opening of a small
 * graph and its first queries take then: processor time of all its threads, from the kernel, and time by the clock.
 * `npm run bench:start [-- --rounds 10]`.
 */
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { create } from '@bufbuild/protobuf';
import { exportJWK, generateKeyPair } from 'jose';
import { GraphService } from '../../gen/trellis/graph/v1/graph_pb.js';
import { PrincipalSchema } from '../../gen/trellis/iam/v1/principal_pb.js';
import { readGraphNodeConfig } from '../../services/graph/node/config.ts';
import { GraphDirectory } from '../../services/graph/node/store/graph-directory.ts';
import { EngineHost } from '../../services/graph/node/supervisor/engine-host.ts';
import { createSigner } from '../../services/mesh/identity/assertion.ts';
import { createLogger } from '../../services/mesh/log/logger.ts';
import { systemClock } from '../../services/mesh/process/clock.ts';
import { processorMsOf } from '../../services/mesh/process/processor-time.ts';
import { createClient } from '../../services/mesh/rpc/client.ts';
import { createGrpcChannel } from '../../services/mesh/rpc/grpc-channel.ts';
import { descendants } from '../support/mesh.ts';

const { values: args } = parseArgs({ options: { rounds: { type: 'string', default: '10' } } });
const organizationId = 'org_start';
const graphId = 'kg_00000000000000000001';

const dataDirectory = await mkdtemp(join(tmpdir(), 'trellis-start-'));
await mkdir(join(dataDirectory, 'graphs'));
const config = readGraphNodeConfig({ TRELLIS_DATA_DIR: dataDirectory, TRELLIS_GRAPH_NODE_SPARES: '1' });
const program = fileURLToPath(new URL('../../services/graph/engine/main.ts', import.meta.url));
const log = createLogger('bench', 'warn');
const host = await EngineHost.create({ config, program, clock: systemClock, log });
const keys = await generateKeyPair('EdDSA', { extractable: true });
const verificationKey = await exportJWK(keys.publicKey);
const signer = await createSigner('edge', await exportJWK(keys.privateKey));

host.start();
try {
  await openAndAsk(1n, [
    'CREATE NODE TABLE Row(id INT64 PRIMARY KEY)',
    'UNWIND range(1, 200) AS i CREATE (:Row {id: i})',
  ]);
  const rounds = [];
  for (let round = 1; round <= Number(args.rounds); round++)
    rounds.push(await openAndAsk(BigInt(round + 1), []));
  console.log(`\nmedian and worst of ${rounds.length} engine processes, ms`);
  for (const name of [
    'processor time until a spare',
    'opening',
    'first query',
    'second query',
    'closing',
  ] as const) {
    const sorted = rounds.map((round) => round[name]).toSorted((a, b) => a - b);
    const figures = [sorted[Math.floor(sorted.length / 2)], sorted.at(-1)];
    console.log(`${name.padEnd(30)}${figures.map((ms = Number.NaN) => ms.toFixed(0).padStart(8)).join('')}`);
  }
} finally {
  await host.close();
  await rm(dataDirectory, { recursive: true });
}
process.exit(0);

/** Has a spare open the graph and run these statements, or two queries; then it is closed. */
async function openAndAsk(epoch: bigint, statements: readonly string[]) {
  while (host.pool.readyCount === 0) await setTimeout(20);
  // What it still does by itself is part of its start.
  await setTimeout(300);
  const startMs = processorMs();
  const process = await host.pool.take();
  const common = {
    graphId,
    organizationId,
    repository: '',
    verificationKey,
    logLevel: 'silent' as const,
    isCareful: false,
  };
  const tier = config.tiers.findTier('standard');
  if (!tier) throw new Error('there is no tier standard');
  const directory = new GraphDirectory(dataDirectory, graphId);
  const openMs = performance.now();
  await process.open({ config: { ...common, tier, epoch }, directory, onActivity: () => {} });
  const endpoint = await process.opened;
  const openedMs = performance.now();
  const caller = await signer(create(PrincipalSchema, { organizationId }));
  const channel = createGrpcChannel(endpoint, async () => caller);
  const client = createClient(GraphService, channel);
  for (const statement of statements) await client.execute({ graphId, statement });
  const asks = [];
  for (let ask = 0; ask < 2; ask++) {
    const askMs = performance.now();
    await client.query({ graphId, statement: 'MATCH (r:Row) RETURN DISTINCT count(*)' });
    asks.push(performance.now() - askMs);
  }
  await channel.close();
  const closeMs = performance.now();
  await process.close(10_000);
  const [first = Number.NaN, second = Number.NaN] = asks;
  return {
    'processor time until a spare': startMs,
    opening: openedMs - openMs,
    'first query': first,
    'second query': second,
    closing: performance.now() - closeMs,
  };
}

/** Of the one process below this one, which is a spare. */
function processorMs(): number {
  const pids = descendants(process.pid);
  const [pid] = pids;
  if (pid === undefined || pids.length !== 1) throw new Error(`there are ${pids.length} processes`);
  return processorMsOf(pid);
}
