/**
 * What one tenant's misbehaviour does to another's latency on the same node: a neighbour makes point queries at a
 * steady pace, while the other is quiet and while it misbehaves, in turns. Prints p50 and p99 of all spans of the one
 * kind beside those of the other. The disk of the graphs is a small volume of its own, where one can be mounted.
 * `npm run bench:neighbours -- --rounds 3 --seconds 10`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { countLess } from '../../services/graph/node/supervisor/scheduling.ts';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { enginePids, killIfAlive, startMesh } from '../support/mesh.ts';
import { createGraphPatiently, createTenant, execute, type Tenant } from '../support/rest.ts';
import { canMountVolumes, mountVolume, unmountVolume } from '../support/small-volume.ts';
import { pacedLoad, quantile, type Seen, together } from './neighbours/paced-load.ts';

const perSecond = 50;
const rows = 10_000;
const diskMiB = 200;
/** How long an offender goes on before it is measured: it has begun by then, but no huge result is through. */
const leadSeconds = 2;
/** What goes on after an offender left is its doing, too, and belongs to neither kind of span. */
const wakeSeconds = 2;
const offenders = [
  'crash loop',
  'endless queries',
  'swelling queries',
  'huge results, read fast',
  'huge results, read slowly',
  'huge results over gRPC, read fast',
  'huge results over gRPC, read slowly',
  'results too large',
  'pool exhaustion',
  'memory exhaustion',
  'full disk',
];

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '3' },
    seconds: { type: 'string', default: '10' },
    only: { type: 'string' },
  },
});
const [rounds, seconds] = [Number(values.rounds), Number(values.seconds)];
const dataDirectory = await mkdtemp(join(tmpdir(), 'trellis-neighbours-'));
const graphs = join(dataDirectory, 'graphs');
await mkdir(graphs);
const hasDisk = canMountVolumes();
if (hasDisk) mountVolume(graphs, diskMiB);
else console.log('NOT MEASURED: a full disk. It takes a volume of its own, and so root.');
const mesh = await startMesh({
  dataDirectory,
  env: { TRELLIS_RATELIMIT_SCALE: '1000000', TRELLIS_LOG_LEVEL: 'fatal' },
}).catch(async (error: unknown) => {
  await removeDisk();
  throw error;
});
try {
  const [neighbour, offender] = [await createTenant(mesh.url), await createTenant(mesh.url)];
  const graphId = await createFilledGraph(neighbour);
  const offenderGraphId = await createFilledGraph(offender);
  const grpc = new ForeignGrpcClient(mesh.port, neighbour.apiKey);
  const call = (index: number) =>
    grpc.unary('graph.v1.GraphService', 'query', {
      graphId,
      statement: 'MATCH (t:T) WHERE t.id = $id RETURN t.id, t.name',
      parameters: { id: { int64Value: String((index * 7) % rows) } },
    });
  const measure = () => pacedLoad(call, perSecond, seconds);
  await measure();
  console.log(
    `\n${perSecond} point queries/s of one tenant, ${rounds} spans of ${seconds} s without and with\n`,
  );
  console.log(
    '| the other tenant | baseline p50 ms | p99 ms | p50 ms | p99 ms | p50 ratio | p99 ratio | failed | was answered |',
  );
  console.log('| --- | --- | --- | --- | --- | --- | --- | --- | --- |');
  for (const what of offenders) {
    if (what === 'full disk' && !hasDisk) continue;
    if (values.only && values.only !== what) continue;
    const [quiet, beside]: [Seen[], Seen[]] = [[], []];
    const answers = new Map<string, number>();
    for (let round = 0; round < rounds; round += 1) {
      quiet.push(await measure());
      const stop = await misbehave(what, offender, offenderGraphId);
      await pacedLoad(call, perSecond, leadSeconds);
      beside.push(await measure());
      for (const [answer, count] of await stop()) answers.set(answer, (answers.get(answer) ?? 0) + count);
      await pacedLoad(call, perSecond, wakeSeconds);
    }
    print(what, together(quiet), together(beside), answers);
  }
  grpc.close();
} finally {
  await mesh.stop();
  await removeDisk();
}
process.exit(0);

async function removeDisk(): Promise<void> {
  if (hasDisk) unmountVolume(graphs);
  await rm(dataDirectory, { recursive: true, force: true });
}

async function createFilledGraph({ rest }: Tenant): Promise<string> {
  const graphId = await createGraphPatiently(rest);
  await execute(rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING)');
  await execute(
    rest,
    graphId,
    `UNWIND range(0, ${rows - 1}) AS i CREATE (:T {id: i, name: 'name ' + cast(i AS STRING)})`,
  );
  return graphId;
}

/** What an offender was answered, and how often. */
type Answers = Iterable<readonly [answer: string, count: number]>;

/** Starts an offender; answers with what stops it and tells what it was answered. */
async function misbehave(what: string, { apiKey }: Tenant, graphId: string): Promise<() => Promise<Answers>> {
  const program = fileURLToPath(new URL('neighbours/offender.ts', import.meta.url));
  const child = spawn(process.execPath, [program, what, mesh.url, apiKey, graphId], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await once(child.stdout, 'data');
  // Clients are elsewhere, as a rule: this one is not to take what the node has.
  countLess(child.pid ?? 0);
  const killing =
    what === 'crash loop'
      ? setInterval(() => enginePids(mesh, graphId).forEach(killIfAlive), 1_000)
      : undefined;
  return async () => {
    clearInterval(killing);
    child.kill('SIGTERM');
    await once(child, 'close');
    return Object.entries(JSON.parse(output.slice(output.indexOf('\n'))));
  };
}

function print(what: string, quiet: Seen, beside: Seen, answers: Answers): void {
  const [quietP50, quietP99] = [quantile(quiet, 0.5), quantile(quiet, 0.99)];
  const [p50, p99] = [quantile(beside, 0.5), quantile(beside, 0.99)];
  const failed = [...quiet.failed, ...beside.failed];
  const cells = [
    what,
    ...[quietP50, quietP99, p50, p99, p50 / quietP50, p99 / quietP99].map((figure) => figure.toFixed(2)),
    failed.length,
    Array.from(answers, ([answer, count]) => `${answer} ${count}`).join(', ') || 'nothing yet',
  ];
  console.log(`| ${cells.join(' | ')} |`);
  for (const why of new Set(failed)) console.log(`  failed: ${why}`);
}
