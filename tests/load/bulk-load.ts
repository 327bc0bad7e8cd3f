/**
 * How long 403,394 nodes and 3,387,388 relationships (SNAP's amazon0601, in Kuzu's package) take through the public
 * port, as a gRPC stream and as a REST upload, beside the engine's own COPY of the same files in this process, one
 * after the other in the same run. `npm run bench:import [-- runs]`. The aim is twice the time of COPY at most.
 */
import { readTierTable } from '../../services/mesh/plan/read-tier-table.ts';
import { removeMeshData, startMesh } from '../support/mesh.ts';
import { createTenant } from '../support/rest.ts';
import { amazonFiles, type Times } from './bulk-load/amazon.ts';
import { measureCopy } from './bulk-load/measure-copy.ts';
import { measureMesh } from './bulk-load/measure-mesh.ts';
import { ways } from './bulk-load/uploads.ts';

const runs = Number(process.argv[2] ?? 3);
const bufferPoolBytes = readTierTable({}).findTier('standard')?.bufferPoolBytes ?? 0;
const totalOf = (times: Times) =>
  amazonFiles.reduce((sum, { table }) => sum + (times[table] ?? Number.NaN), 0);
const partsOf = (times: Times) =>
  amazonFiles.map(({ table }) => `${table} ${times[table]?.toFixed(2)} s`).join(', ');

const mesh = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '100000' } });
const ratios = new Map<string, number[]>();
try {
  const tenant = await createTenant(mesh.url);
  for (let run = 1; run <= runs; run += 1) {
    const copied = await measureCopy(bufferPoolBytes);
    const copySeconds = totalOf(copied);
    console.log(`run ${run}: COPY ${copySeconds.toFixed(2)} s (${partsOf(copied)})`);
    for (const [way, send] of Object.entries(ways)) {
      const { times, engineMebibytes, edgeMebibytes } = await measureMesh(mesh, tenant, send);
      const ratio = totalOf(times) / copySeconds;
      ratios.set(way, [...(ratios.get(way) ?? []), ratio]);
      console.log(
        `run ${run}: ${way} ${totalOf(times).toFixed(2)} s (${partsOf(times)}), ratio ${ratio.toFixed(2)}; ` +
          `peak memory: engine ${engineMebibytes} MiB, control plane and edge ${edgeMebibytes} MiB`,
      );
    }
  }
} finally {
  await mesh.stop();
  await removeMeshData(mesh);
}
for (const [way, all] of ratios) {
  const median = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
  console.log(`\n${way}: median ratio to COPY of ${runs} runs ${median?.toFixed(2)}, counts verified`);
}
process.exit(0);
