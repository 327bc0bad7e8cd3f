import { readFile, writeFile } from 'node:fs/promises';
import { enginePids, type Mesh } from '../../support/mesh.ts';
import { createGraph, execute, query, type Tenant } from '../../support/rest.ts';
import { watchImport } from '../../support/watch-import.ts';
import { amazonFiles, amazonSchema, secondsOf, type Times } from './amazon.ts';
import type { SendFile } from './uploads.ts';

/** What one load through the mesh took. */
export interface MeshLoad {
  readonly times: Times;
  /** The most memory that the engine's process, and that of the edge, had at any time, in MiB. */
  readonly engineMebibytes: number;
  readonly edgeMebibytes: number;
}

let imports = 0;

/** Loads the files into a new graph and counts what is in it. Throws where that is not all. */
export async function measureMesh(mesh: Mesh, { rest, apiKey }: Tenant, send: SendFile): Promise<MeshLoad> {
  const graphId = await createGraph(rest);
  for (const statement of amazonSchema) await execute(rest, graphId, statement);
  // From here on the highest is that of this load, not of the start.
  await writeFile(`/proc/${mesh.pid}/clear_refs`, '5');
  const times: Record<string, number> = {};
  for (const { table, path, rows } of amazonFiles) {
    imports += 1;
    const importId = `bulk-${imports}`;
    const shown = showProgress(mesh.url, apiKey, { graphId, importId }, table);
    times[table] = await secondsOf(async () => {
      const loaded = await send({ url: mesh.url, apiKey, graphId, table, path, importId });
      if (loaded !== rows) throw new Error(`${loaded} of ${rows} rows of ${table} were loaded`);
    });
    await shown;
  }
  await checkCounts((statement) => query(rest, graphId, statement));
  const pids = enginePids(mesh);
  const engines = await Promise.all(pids.map(peakMebibytes));
  await rest.delete(`/v1/graphs/${graphId}`);
  return { times, engineMebibytes: Math.max(...engines), edgeMebibytes: await peakMebibytes(mesh.pid) };
}

async function showProgress(
  url: string,
  apiKey: string,
  of: { graphId: string; importId: string },
  table: string,
) {
  const startMs = performance.now();
  let stage = '';
  let shownBytes = 0;
  for await (const news of watchImport(url, apiKey, of)) {
    const bytes = Number(news.bytesReceived ?? 0);
    if (news.stage === stage && bytes - shownBytes < 8 * 2 ** 20) continue;
    [stage, shownBytes] = [news.stage, bytes];
    const seconds = ((performance.now() - startMs) / 1_000).toFixed(1).padStart(6);
    const step = stage.replace('IMPORT_STAGE_', '').toLowerCase();
    console.log(
      `  ${seconds} s  ${table} ${step} ${(bytes / 2 ** 20).toFixed(1)} MiB, ${news.rowsRead ?? 0} rows`,
    );
  }
}

async function checkCounts(ask: (statement: string) => Promise<{ rows: number[][] }>): Promise<void> {
  const [nodes, edges] = amazonFiles;
  const counts = await Promise.all(
    ['MATCH (n:account) RETURN count(n)', 'MATCH (:account)-[r:follows]->(:account) RETURN count(r)'].map(
      ask,
    ),
  );
  const found = counts.map(({ rows }) => rows[0]?.[0]);
  if (found[0] === nodes.rows && found[1] === edges.rows) return;
  throw new Error(`the graph has ${found.join(' and ')}, not ${nodes.rows} and ${edges.rows}`);
}

/** The most memory that a process had so far. */
async function peakMebibytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmHWM:\s+(\d+) kB/m.exec(status)?.[1] ?? Number.NaN) / 1_024);
}
