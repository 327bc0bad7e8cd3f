/**
 * How long a graph is away when its engine process is killed with SIGKILL while a client writes: from the kill to the
 * next acknowledged write, over several kills. `npm run bench:recovery`.
 */
import { enginePids, killIfAlive, removeMeshData, startMesh } from '../support/mesh.ts';
import { createGraph, createTenant, execute } from '../support/rest.ts';

const kills = 9;
/** An engine process that served for less counts as failing again, and its successor starts later. */
const writingMs = 5_500;

const mesh = await startMesh({ env: { TRELLIS_RATELIMIT_SCALE: '100000' } });
try {
  const { rest } = await createTenant(mesh.url);
  const graphId = await createGraph(rest);
  await execute(rest, graphId, 'CREATE NODE TABLE T(id INT64 PRIMARY KEY)');
  let id = 0;
  const write = async () => {
    const body = { statement: 'CREATE (:T {id: $id})', parameters: { id: id++ } };
    return (await rest.post(`/v1/graphs/${graphId}/execute`, body)).status === 200;
  };
  const awayMs: number[] = [];
  for (let i = 0; i < kills; i++) {
    const startMs = performance.now();
    while (performance.now() - startMs < writingMs) await write();
    const [pid] = enginePids(mesh);
    if (pid === undefined) throw new Error('no engine process runs');
    killIfAlive(pid);
    const killedMs = performance.now();
    while (!(await write()))
      if (performance.now() - killedMs > 30_000) throw new Error('the graph did not return');
    awayMs.push(performance.now() - killedMs);
  }
  awayMs.sort((a, b) => a - b);
  const ms = (value: number | undefined) => Math.round(value ?? Number.NaN);
  console.log(`\n${kills} kills; away from the kill to the next acknowledged write, ms:`);
  console.log(`median ${ms(awayMs[Math.floor(kills / 2)])}, worst ${ms(awayMs.at(-1))}`);
} finally {
  await mesh.stop();
  await removeMeshData(mesh);
}
process.exit(0);
