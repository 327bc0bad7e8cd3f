/**
 * Warm point queries by primary key: through the edge over gRPC and over REST, beside the engine in process, in one
 * run on the same cores, load generator included. Prints requests/s, p50 and p99 of the median round, ratios to the
 * engine, and the memory of each process at rest. `npm run bench`.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { Agent, request } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ForeignGrpcClient } from '../support/foreign-grpc.ts';
import { descendants, type Mesh, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute } from '../support/rest.ts';

const rows = 10_000;
const rounds = 5;
const roundMs = 3_000;
const warmUpMs = 1_500;
const callsUnderWay = 16;
const statement = 'MATCH (t:T) WHERE t.id = $id RETURN t.id, t.name';

interface Way {
  readonly name: string;
  readonly call: (id: number) => Promise<unknown>;
}

interface Round {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const mesh = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '100000' } });
const scratch = await mkdtemp(join(tmpdir(), 'trellis-bench-'));
try {
  const tenant = await createTenant(mesh.url);
  const graphId = await createGraph(tenant.rest);
  await execute(tenant.rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING)');
  await execute(
    tenant.rest,
    graphId,
    `UNWIND range(0, ${rows - 1}) AS i CREATE (:T {id: i, name: 'name of ' + cast(i AS STRING)})`,
  );
  const engine = await openEngine(join(scratch, 'bench.kuzu'));
  const grpc = new ForeignGrpcClient(mesh.port, tenant.apiKey);
  const ways: Way[] = [
    { name: 'engine in process', call: engine.call },
    { name: 'edge, gRPC', call: (id) => callGrpc(grpc, graphId, id) },
    { name: 'edge, REST', call: restCaller(mesh, tenant.apiKey, graphId) },
  ];
  for (const way of ways) await measure(way, warmUpMs);
  const results = new Map<string, Round[]>(ways.map(({ name }) => [name, []]));
  for (let i = 0; i < rounds; i++) {
    for (const way of ways) results.get(way.name)?.push(await measure(way, roundMs));
  }
  report(results);
  await reportMemory(mesh);
  grpc.close();
  engine.close();
} finally {
  await mesh.stop();
  await removeMeshData(mesh);
  await rm(scratch, { recursive: true, force: true });
}
process.exit(0);

async function measure({ call }: Way, durationMs: number): Promise<Round> {
  const latencies: number[] = [];
  const startMs = performance.now();
  const endMs = startMs + durationMs;
  let id = 0;
  const worker = async () => {
    while (performance.now() < endMs) {
      const before = performance.now();
      await call(id++ % rows);
      latencies.push(performance.now() - before);
    }
  };
  await Promise.all(Array.from({ length: callsUnderWay }, worker));
  const seconds = (performance.now() - startMs) / 1000;
  latencies.sort((a, b) => a - b);
  const quantile = (q: number) => latencies[Math.floor(q * (latencies.length - 1))] ?? Number.NaN;
  return { perSecond: latencies.length / seconds, p50Ms: quantile(0.5), p99Ms: quantile(0.99) };
}

function report(results: ReadonlyMap<string, readonly Round[]>): void {
  const medians = [...results].map(([name, all]) => {
    const sorted = all.toSorted((a, b) => a.perSecond - b.perSecond);
    const median = sorted[Math.floor(sorted.length / 2)];
    if (!median) throw new Error('no round was measured');
    return { name, ...median };
  });
  const base = medians[0]?.perSecond ?? Number.NaN;
  console.log(
    `\n${rounds} interleaved rounds of ${roundMs} ms, ${callsUnderWay} calls under way; median round:\n`,
  );
  console.log(
    '| way | requests/s | ratio to the engine | p50 ms | p99 ms |\n| --- | --- | --- | --- | --- |',
  );
  for (const { name, perSecond, p50Ms, p99Ms } of medians) {
    const ratio = (perSecond / base).toFixed(2);
    console.log(
      `| ${name} | ${Math.round(perSecond)} | ${ratio} | ${p50Ms.toFixed(2)} | ${p99Ms.toFixed(2)} |`,
    );
  }
}

async function reportMemory({ pid }: Mesh): Promise<void> {
  console.log('\n| process | resident MiB |\n| --- | --- |');
  for (const each of [pid, ...(await descendants(pid))]) {
    const command = (await readFile(`/proc/${each}/cmdline`, 'utf8')).split('\0');
    const status = await readFile(`/proc/${each}/status`, 'utf8');
    const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(status) ?? [];
    const role = command.some((part) => part.includes('/graph/engine/'))
      ? 'engine process, one graph of 10,000 nodes'
      : command.includes('graph-node')
        ? 'graph node daemon'
        : 'control plane and edge';
    console.log(`| ${role} | ${Math.round(Number(kib) / 1024)} |`);
  }
}

async function callGrpc(grpc: ForeignGrpcClient, graphId: string, id: number): Promise<void> {
  const parameters = { id: { int64Value: String(id) } };
  const answer = await grpc.unary('graph.v1.GraphService', 'query', { graphId, statement, parameters });
  if (answer.rows.length !== 1) throw new Error('the row is missing');
}

function restCaller({ port }: Mesh, apiKey: string, graphId: string): Way['call'] {
  const agent = new Agent({ keepAlive: true, maxSockets: callsUnderWay });
  const options = {
    agent,
    port,
    host: '127.0.0.1',
    method: 'POST',
    path: `/v1/graphs/${graphId}/query`,
    headers: { 'content-type': 'application/json', 'x-api-key': apiKey },
  };
  return (id) =>
    new Promise((resolve, reject) => {
      const call = request(options, (response) => {
        let body = '';
        response.setEncoding('utf8').on('data', (text: string) => {
          body += text;
        });
        response.on('end', () => {
          if (response.statusCode === 200 && JSON.parse(body).rows.length === 1) resolve(undefined);
          else reject(new Error(body));
        });
      });
      call.on('error', reject);
      call.end(JSON.stringify({ statement, parameters: { id } }));
    });
}

/** The engine as a program would use it: four connections, the statement prepared on each. */
async function openEngine(path: string) {
  const { Database, Connection } = createRequire(import.meta.url)('kuzu');
  const database = new Database(path, 512 * 2 ** 20, true, false, 2 ** 36, false);
  const connections = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const connection = new Connection(database, 1);
      await connection.init();
      return connection;
    }),
  );
  await connections[0].query('CREATE NODE TABLE T(id INT64 PRIMARY KEY, name STRING)');
  await connections[0].query(
    `UNWIND range(0, ${rows - 1}) AS i CREATE (:T {id: i, name: 'name of ' + cast(i AS STRING)})`,
  );
  const idle = await Promise.all(
    connections.map(async (connection) => ({ connection, prepared: await connection.prepare(statement) })),
  );
  const waiting: ((lane: (typeof idle)[number]) => void)[] = [];
  const call = async (id: number) => {
    const lane = idle.pop() ?? (await new Promise<(typeof idle)[number]>((resolve) => waiting.push(resolve)));
    const result = await lane.connection.execute(lane.prepared, { id });
    if (!result.getNextSync()) throw new Error('the row is missing');
    result.close();
    const next = waiting.shift();
    if (next) next(lane);
    else idle.push(lane);
  };
  return { call, close: () => database.closeSync?.() };
}
