/**
 * Kills engine processes with SIGKILL at random moments under mixed load: no acknowledged write may be lost, no
 * neighbour's call may fail. `npm run failure:kills -- --kills 500 --seed 1 --graphs 6`. With `--deletes` nodes are
 * deleted with their relationships, too.
 */
import { parseArgs } from 'node:util';
import { reportKills } from './kills/report-kills.ts';
import { runKills } from './kills/run-kills.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '500' },
    seed: { type: 'string', default: '1' },
    graphs: { type: 'string', default: '6' },
    deletes: { type: 'boolean', default: false },
  },
});
const [kills, seed, graphs] = [values.kills, values.seed, values.graphs].map(Number) as [
  number,
  number,
  number,
];
const startedMs = performance.now();
const report = await runKills({
  kills,
  seed,
  graphs,
  deletes: values.deletes,
  verifyEvery: 50,
  onProgress: (done, wrong) => {
    console.log(`${done} kills, ${wrong.length} things wrong`);
    for (const each of wrong) console.log(`  ${each}`);
  },
});
console.log(reportKills(report, seed, performance.now() - startedMs));
process.exit(report.wrong.length === 0 ? 0 : 1);
