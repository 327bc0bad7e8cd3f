/**
 * How long 403,394 nodes and 3,387,388 relationships (SNAP's amazon0601, in Kuzu's package) take through ImportTable,
 * beside the engine's own COPY of the same files in the same run. `node tests/load/bulk-load.ts [runs] [--mesh]`.
 *
 * Without `--mesh` the engine runs in this process and the upload costs no network; with it the files go through the
 * public port, and COPY is measured in this process all the same.
 */
import { createReadStream } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { create } from '@bufbuild/protobuf';
import { Connection, Database, type QueryResult } from 'kuzu';
import { ImportStage, ImportTableRequestSchema } from '../../gen/trellis/graph/v1/graph_pb.js';
import { openTestGraph, testContext, testGraphId } from '../../services/graph/engine/testing.ts';
import { importTable } from '../../services/graph/rpc/import-table.ts';
import { readTierTable } from '../../services/mesh/plan/read-tier-table.ts';
import { removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute } from '../support/rest.ts';

const dataset = join(
  dirname(createRequire(import.meta.url).resolve('kuzu')),
  'kuzu-source/dataset/snap/amazon0601/csv',
);
const files = [
  { table: 'account', path: join(dataset, 'amazon-nodes.csv'), rows: 403_394 },
  { table: 'follows', path: join(dataset, 'amazon-edges.csv'), rows: 3_387_388 },
] as const;
const schema = [
  'CREATE NODE TABLE account(ID INT64 PRIMARY KEY)',
  'CREATE REL TABLE follows(FROM account TO account)',
];
const bufferPoolBytes = readTierTable({}).findTier('standard')?.bufferPoolBytes ?? 0;
const chunkBytes = 256 * 2 ** 10;

/** Seconds, by what they were spent on. */
type Times = Record<string, number>;

async function measureCopy(): Promise<Times> {
  const directory = await mkdtemp(join(tmpdir(), 'trellis-bulk-load-'));
  const database = new Database(
    join(directory, 'graph.kuzu'),
    bufferPoolBytes,
    true,
    false,
    2 ** 40,
    false,
    -1,
  );
  const connection = new Connection(database, 2);
  const run = async (statement: string) => ((await connection.query(statement)) as QueryResult).close();
  const times: Times = {};
  for (const statement of schema) await run(statement);
  for (const { table, path } of files) {
    times[table] = await secondsOf(() => run(`COPY ${table} FROM '${path}' (delim='\t', header=false)`));
  }
  await connection.close();
  await database.close();
  await rm(directory, { recursive: true });
  return times;
}

async function measureImport(): Promise<Times> {
  const graph = await openTestGraph({ bufferPoolBytes, importBytesMax: 512 * 2 ** 20 });
  const times: Times = {};
  for (const statement of schema) await graph.execute(statement);
  for (const { table, path, rows } of files) {
    let sinceMs = performance.now();
    const watched = (async () => {
      let stage: ImportStage | undefined;
      for await (const news of graph.watch(table)) {
        if (news.stage === stage) continue;
        const nowMs = performance.now();
        if (stage !== undefined) {
          const name = `  ${table} ${ImportStage[stage]?.toLowerCase()}`;
          times[name] = (nowMs - sinceMs) / 1_000;
        }
        [stage, sinceMs] = [news.stage, nowMs];
      }
    })();
    times[table] = await secondsOf(async () => {
      const { rowCount } = await importTable(graph.graph, messagesOf(table, path), testContext());
      if (rowCount !== rows) throw new Error(`${rowCount} of ${rows} rows`);
    });
    await watched;
  }
  await graph.close();
  return times;
}

async function* messagesOf(table: string, path: string) {
  const body = { contentType: 'text/csv' };
  const first = { graphId: testGraphId, table, importId: table, csv: { delimiter: '\t' }, body };
  yield create(ImportTableRequestSchema, first);
  for await (const data of createReadStream(path, { highWaterMark: chunkBytes })) {
    yield create(ImportTableRequestSchema, { body: { data } });
  }
}

async function measureMesh(): Promise<Times> {
  const mesh = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '100000' } });
  try {
    const { rest, apiKey } = await createTenant(mesh.url);
    const graphId = await createGraph(rest);
    for (const statement of schema) await execute(rest, graphId, statement);
    const times: Times = {};
    for (const { table, path, rows } of files) {
      const url = `${mesh.url}/v1/graphs/${graphId}/tables/${table}/import?csv.delimiter=%09`;
      times[table] = await secondsOf(async () => {
        const response = await fetch(url, {
          method: 'POST',
          headers: {
            'content-type': 'text/csv',
            authorization: `Bearer ${apiKey}`,
            'x-request-timeout': '280',
          },
          body: createReadStream(path, { highWaterMark: chunkBytes }),
          duplex: 'half',
        });
        const answer = (await response.json()) as { rowCount?: number };
        if (answer.rowCount !== rows) throw new Error(JSON.stringify(answer));
      });
    }
    return times;
  } finally {
    await mesh.stop();
    await removeMeshData(mesh);
  }
}

async function secondsOf(work: () => Promise<unknown>): Promise<number> {
  const startMs = performance.now();
  await work();
  return (performance.now() - startMs) / 1_000;
}

interface Measured {
  readonly times: Times;
  readonly processorSeconds: number;
}

async function withProcessor(work: () => Promise<Times>): Promise<Measured> {
  const before = process.cpuUsage();
  const times = await work();
  const { user, system } = process.cpuUsage(before);
  return { times, processorSeconds: (user + system) / 1e6 };
}

const totalOf = (times: Times) => files.reduce((sum, { table }) => sum + (times[table] ?? Number.NaN), 0);

const isMesh = process.argv.includes('--mesh');
const runs = Number(process.argv.slice(2).find((argument) => /^\d+$/.test(argument)) ?? 3);
const ratios: number[] = [];
const processorRatios: number[] = [];
for (let run = 0; run < runs; run += 1) {
  const copied = await withProcessor(measureCopy);
  const imported = await withProcessor(isMesh ? measureMesh : measureImport);
  const ratio = totalOf(imported.times) / totalOf(copied.times);
  ratios.push(ratio);
  processorRatios.push(imported.processorSeconds / copied.processorSeconds);
  const told = ({ times, processorSeconds }: Measured) =>
    `${totalOf(times).toFixed(2)} s (processor ${processorSeconds.toFixed(2)} s)`;
  console.log(
    `\nrun ${run + 1}: COPY ${told(copied)}, ImportTable ${told(imported)}, ratio ${ratio.toFixed(2)}`,
  );
  for (const [name, seconds] of Object.entries(imported.times)) {
    const own = copied.times[name];
    console.log(
      `  ${name.padEnd(24)} ${seconds.toFixed(2)}${own === undefined ? '' : ` (COPY ${own.toFixed(2)})`}`,
    );
  }
}
const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]?.toFixed(2);
console.log(`\nmedian ratio of ${runs}: ${median(ratios)}`);
// Beside the wall clock, because a machine with other work on it shows more in that. Over the mesh the time of the
// other processes is not in it.
if (!isMesh) console.log(`median ratio of processor time: ${median(processorRatios)}`);
process.exit(0);
