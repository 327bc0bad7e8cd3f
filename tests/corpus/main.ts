/**
 * The engine's own end-to-end corpus: every statement through the gate, then every case over the wire through a mesh.
 * Exits with 1 where a statement breaks the gate or gives another result. `npm run corpus`; see the README beside.
 */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { increment, VerdictTable } from './classify.ts';
import { listTestFiles, readSource } from './corpus-files.ts';
import { readKnownDifferences } from './known-differences.ts';
import { parseTestFile } from './parse-test-file.ts';
import { replay } from './replay.ts';
import { Report, topOf, toTables } from './report.ts';
import type { TestFile } from './test-file.ts';

const progressMs = 5_000;
const reasonsShownMax = 25;
const failuresShownMax = 20;

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '**' },
    limit: { type: 'string' },
    report: { type: 'string', default: join(tmpdir(), 'trellis-corpus.json') },
    minutes: { type: 'string', default: '10' },
    'classify-only': { type: 'boolean', default: false },
  },
});
// An interrupted run ends the mesh that it started, in its handlers of `exit`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

const startedMs = performance.now();
const names = listTestFiles(values.only).slice(0, values.limit ? Number(values.limit) : undefined);
const files = new Map(names.map((name) => [name, parseTestFile(readSource(name))]));
const verdicts = judgeAll(files);
const report = new Report(readKnownDifferences());
if (!values['classify-only']) await replayAll();
process.exit(verdicts.broken.length > 0 || report.failures.length > 0 ? 1 : 0);

/** Sends every statement through the gate and tells what it did. */
function judgeAll(all: ReadonlyMap<string, TestFile>): VerdictTable {
  const table = new VerdictTable();
  const unknown = new Map<string, number>();
  let cases = 0;
  for (const file of all.values()) {
    cases += file.cases.length;
    for (const [name, count] of file.unknown) unknown.set(name, (unknown.get(name) ?? 0) + count);
    for (const step of file.cases.flatMap(({ steps }) => steps)) {
      if (step.kind === 'statement' && !step.batchFile) table.add(step.statement);
      if (step.kind === 'runner') increment(unknown, `(runner) ${step.directive}`);
    }
  }
  console.log(`${all.size} files, ${cases} cases; directives that are no statements: ${format(unknown)}`);
  console.log(`the gate: ${format(table.counts)}; broken: ${table.broken.length}`);
  console.log(`refused: ${format(new Map(topOf(table.refusals, reasonsShownMax)))}`);
  for (const problem of table.broken) console.log(`BROKEN: ${problem}`);
  return table;
}

async function replayAll(): Promise<void> {
  const cases = [...files.values()].reduce((sum, file) => sum + file.cases.length, 0);
  let done = 0;
  const progress = setInterval(() => {
    const seconds = Math.round((performance.now() - startedMs) / 1000);
    console.log(`${seconds} s: ${done} of ${cases} cases; statements: ${format(report.statements)}`);
  }, progressMs);
  await replay({
    files,
    endMs: startedMs + Number(values.minutes) * 60_000,
    onCase: (result) => {
      done += 1;
      report.add(result);
    },
    onTrouble: (what) => report.troubles.push(what),
  });
  clearInterval(progress);
  await writeFile(values.report, JSON.stringify(report.toJson(), undefined, 2));
  for (const { file, line, statement, expected, got } of report.failures.slice(0, failuresShownMax)) {
    console.log(`FAILED ${file}:${line}\n  ${statement.slice(0, 300)}\n  expected ${expected}\n  got ${got}`);
  }
  console.log(`troubles on the way and lines of the mesh's log: ${report.troubles.length}`);
  for (const { file, line } of report.stale) console.log(`no longer a difference: ${file}:${line}`);
  console.log(`\n${toTables(report, reasonsShownMax)}`);
  console.log(
    `expected errors: ${report.sameTexts} with the engine's text, ${report.otherTexts} with another`,
  );
  console.log(`all of it: ${values.report}`);
}

function format(counts: ReadonlyMap<string, number>): string {
  return [...counts].map(([name, count]) => `${name} ${count}`).join(', ') || 'none';
}
