/**
 * The Connect conformance suite through the edge, and without it beside. Exits with 1 if a case fails unexpectedly, or
 * passes although it is listed as failing. `npm run conformance`; see the README beside for the options.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { baseline } from './baseline.ts';
import { failuresOf, type Outcome } from './outcome.ts';
import { type Mode, type RunResult, runSuite } from './run.ts';
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
  const result = await runThroughEdge(mode);
  showFailures(mode, result);
  ok &&= result.ok;
  rows.push(row(`${mode}, through the edge`, result.outcome));
  // A selection has nothing to be compared with.
  if (selection.length === 0) rows.push(row(`${mode}, without`, await baseline(mode)));
}
console.log('\n| mode | cases | passed | failed | known failing |\n| --- | --- | --- | --- | --- |');
console.log(rows.join('\n'));
process.exit(ok ? 0 : 1);

function runThroughEdge(mode: Mode): Promise<RunResult> {
  console.log(`${mode}: running the suite through the edge`);
  const options = ['--known-failing', `@${join(import.meta.dirname, `${mode}-known-failing.txt`)}`];
  if (values.trace) options.push('--trace');
  return runSuite({
    mode,
    name: mode,
    command: [process.execPath, join(import.meta.dirname, `${mode}-under-test.ts`)],
    options: [...options, ...selection],
  });
}

function showFailures(mode: Mode, { ok, outcome, log, logPath }: RunResult): void {
  const failures = failuresOf(log);
  for (const failure of failures.slice(0, failuresShownMax)) console.log(failure);
  if (failures.length > failuresShownMax) console.log(`and ${failures.length - failuresShownMax} more`);
  if (!ok) console.log(`${mode}: ${outcome ? 'failed' : 'did not finish'}; all of it: ${logPath}`);
}

function row(name: string, outcome: Outcome | undefined): string {
  const { cases, passed, failed, knownFailing } = outcome ?? {};
  return `| ${name} | ${cases ?? '?'} | ${passed ?? '?'} | ${failed ?? '?'} | ${knownFailing ?? '?'} |`;
}
