/**
 * The Connect conformance suite through the edge, and without it beside. Exits with 1 if a case fails unexpectedly, or
 * passes although it is listed as failing. `npm run conformance`; see the README beside for the options.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseline } from './baseline.ts';
import { stale, unexcused } from './edge-errors.ts';
import { type Failure, type Outcome, parseFailures } from './outcome.ts';
import { listPath, matches, readPatterns } from './patterns.ts';
import { type Mode, runSuite } from './run.ts';
import { installSuite } from './suite.ts';

const failuresShownMax = 20;
const modes: readonly Mode[] = ['server', 'client'];

const { values } = parseArgs({
  options: {
    mode: { type: 'string' },
    run: { type: 'string', multiple: true, default: [] },
    skip: { type: 'string', multiple: true, default: [] },
    trace: { type: 'boolean', default: false },
  },
});
if (values.mode && !modes.some((mode) => mode === values.mode))
  throw new Error(`no such mode: ${values.mode}`);
const selection = [
  ...values.run.flatMap((pattern) => ['--run', pattern]),
  ...values.skip.flatMap((pattern) => ['--skip', pattern]),
];
// An interrupted run ends what it started, in its handlers of `exit`.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));

await installSuite();
const rows: string[] = [];
let ok = true;
for (const mode of modes.filter((each) => !values.mode || each === values.mode)) {
  console.log(`${mode}: running the suite through the edge`);
  rows.push(await runThroughEdge(mode));
  // A selection has nothing to be compared with.
  if (selection.length === 0) rows.push(row(`${mode}, without`, await baseline(mode)));
}
console.log('\n| mode | cases | passed | passed but for details | failed | known failing |');
console.log(`| --- | --- | --- | --- | --- | --- |\n${rows.join('\n')}`);
process.exit(ok ? 0 : 1);

/** Runs the suite, tells what failed, and gives the table's row. */
async function runThroughEdge(mode: Mode): Promise<string> {
  const lists = [
    ...['--known-failing', `@${listPath(mode, 'known-failing')}`],
    ...['--known-flaky', `@${listPath(mode, 'edge-errors')}`],
  ];
  const command = [process.execPath, join(import.meta.dirname, `${mode}-under-test.ts`)];
  const trace = values.trace ? ['--trace'] : [];
  const result = await runSuite({ mode, name: mode, command, options: [...lists, ...trace, ...selection] });
  const failures = parseFailures(result.log);
  const edgeErrors = await readPatterns(mode, 'edge-errors');
  const listed = failures.filter(({ expected }) => expected);
  const wrong = unexcused(edgeErrors, listed);
  showFailures([...failures.filter(({ expected }) => !expected), ...wrong]);
  const excused = listed.filter(({ name }) => edgeErrors.some((pattern) => matches(pattern, name)));
  const unused = selection.length === 0 ? stale(edgeErrors, listed) : [];
  for (const pattern of unused) console.log(`${mode}: "${pattern}" excuses nothing; take it off its list`);
  ok &&= result.ok && wrong.length === 0 && unused.length === 0;
  console.log(`${mode}: ${result.outcome ? 'finished' : 'did not finish'}; all of it: ${result.logPath}`);
  return row(`${mode}, through the edge`, result.outcome, wrong.length, excused.length - wrong.length);
}

function showFailures(failures: readonly Failure[]): void {
  for (const { name, findings } of failures.slice(0, failuresShownMax)) {
    console.log([`FAILED: ${name}`, ...findings].join('\n  '));
  }
  if (failures.length > failuresShownMax) console.log(`and ${failures.length - failuresShownMax} more`);
}

/** The suite counts all cases of both lists as known to fail; here they are told apart. */
function row(name: string, outcome: Outcome | undefined, wrong = 0, excused = 0): string {
  if (!outcome) return `| ${name} | ? | ? | ? | ? | ? |`;
  const { cases, passed, failed, knownFailing } = outcome;
  const cells = [name, cases, passed, excused, failed + wrong, knownFailing - wrong - excused];
  return `| ${cells.join(' | ')} |`;
}
