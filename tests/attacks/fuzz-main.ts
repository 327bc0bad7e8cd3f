/** Compares the Cypher gate with the engine on as many statements as wanted. `npm run fuzz:gate`; see the README beside. */
import { parseArgs } from 'node:util';
import { listTestFiles, readSource } from '../corpus/corpus-files.ts';
import { parseTestFile } from '../corpus/parse-test-file.ts';
import { fuzzGate } from './fuzz-gate.ts';

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Date.now() % 2 ** 32) },
    count: { type: 'string', default: '100000' },
  },
});
const steps = listTestFiles().flatMap((name) =>
  parseTestFile(readSource(name)).cases.flatMap(({ steps }) => steps),
);
const corpus = steps.flatMap((step) =>
  step.kind === 'statement' && !step.batchFile ? [step.statement] : [],
);
console.log(
  `seed ${values.seed}, ${values.count} statements, ${corpus.length} of the engine's own to mutate`,
);
const report = await fuzzGate({
  seed: Number(values.seed),
  count: Number(values.count),
  corpus,
  onDisagreement: ({ what, statement, gate, engine }) => {
    console.log(`${what}\n  ${JSON.stringify(statement)}\n  gate: ${gate}; engine: ${engine.split('\n')[0]}`);
  },
});
console.log(Object.fromEntries(report.verdicts));
console.log(`${report.ran} ran; known disagreements:`, Object.fromEntries(report.known));
console.log(`${report.disagreements.length} disagreements; files: ${JSON.stringify(report.files)}`);
process.exit(report.disagreements.length > 0 || report.files.length > 0 ? 1 : 0);
