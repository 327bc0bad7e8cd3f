/**
 * What the mesh costs over the bare engine: warm point queries and two-hop queries through edge and engine process
 * beside the engine in this process, and a stream of a million rows beside the engine's own fastest iteration. All in
 * one run on the same cores, load generator included, in interleaved rounds, after the code of the mesh is compiled;
 * prints medians, ratios and the CPU time of each process.
 * `npm run bench [-- --only point|two-hop|stream --rounds 5 --seconds 3]`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { removeMeshData, startMesh } from '../../support/mesh.ts';
import { createGraph, createTenant, execute, type RestClient } from '../../support/rest.ts';
import { raisePriority } from '../edge/priority.ts';
import { BareEngine } from './bare-engine.ts';
import { findRoles, sharePriority } from './processes.ts';
import { compareQueries } from './queries.ts';
import { reportMemory } from './report.ts';
import { queryByGrpc, queryByRest, streamByGrpc } from './requests.ts';
import { nodes, pointQuery, relationships, schema, streamQuery, twoHopQuery } from './statements.ts';
import { compareStream } from './stream.ts';
import { warmUp } from './warm-up.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '3' },
  },
});
const plan = { rounds: Number(options.rounds), seconds: Number(options.seconds) };
const isWanted = (name: string) => options.only === undefined || options.only === name;

const restorePriority = raisePriority();
const scratch = await mkdtemp(join(tmpdir(), 'trellis-bench-'));
const mesh = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '100000' } });
try {
  const { rest, apiKey } = await createTenant(mesh.url);
  const graphId = await createGraph(rest);
  const roles = await findRoles(mesh);
  await sharePriority(roles);
  for (const statement of [...schema, ...nodes]) await execute(rest, graphId, statement);
  await importCsv(rest, graphId, 'K', relationships);
  const bare = await BareEngine.open(scratch);
  const subject = { bare, port: mesh.port, roles };
  const byGrpc = queryByGrpc(graphId, pointQuery, apiKey);
  const byRest = queryByRest(graphId, pointQuery, apiKey);
  await warmUp(mesh.port, isWanted('point') ? [byGrpc, byRest] : [byGrpc]);
  if (isWanted('point')) {
    const ways = { 'edge, gRPC': byGrpc, 'edge, REST': byRest };
    await compareQueries('Point query by primary key', subject, plan, pointQuery, ways);
  }
  if (isWanted('two-hop')) {
    await compareQueries('Two-hop query', subject, plan, twoHopQuery, {
      'edge, gRPC': queryByGrpc(graphId, twoHopQuery, apiKey),
    });
  }
  if (isWanted('stream')) {
    await compareStream(subject, plan, streamQuery, streamByGrpc(graphId, streamQuery, apiKey));
  }
  await reportMemory(subject.roles);
} finally {
  restorePriority();
  await mesh.stop();
  await removeMeshData(mesh);
  await rm(scratch, { recursive: true, force: true });
}
process.exit(0);

async function importCsv(rest: RestClient, graphId: string, table: string, csv: string): Promise<void> {
  const answer = await rest.send('POST', `/v1/graphs/${graphId}/tables/${table}/import`, csv, 'text/csv');
  if (answer.status !== 200) throw new Error(`the import ended with ${answer.status}`);
}
