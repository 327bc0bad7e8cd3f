/** What a run of the suite said at its end. */
export interface Outcome {
  readonly cases: number;
  readonly passed: number;
  /** Cases that failed unexpectedly, passed although known to fail, or could not be run. */
  readonly failed: number;
  /** Cases that failed as a list of ours says they may or must. */
  readonly knownFailing: number;
}

/** A case that did not pass. */
export interface Failure {
  readonly name: string;
  /** True where a list of ours says that it may or must fail. */
  readonly expected: boolean;
  /** What was wrong, one finding each. */
  readonly findings: readonly string[];
}

/** Reads the summary that the suite prints last; undefined if it did not come that far. */
export function parseOutcome(log: string): Outcome | undefined {
  const [, cases, passed, failed] = /^Total cases: (\d+)\n(\d+) passed, (\d+) failed$/m.exec(log) ?? [];
  if (cases === undefined) return undefined;
  const [, notRun = '0'] = /^Another (\d+) could not be run/m.exec(log) ?? [];
  const [, knownFailing = '0'] = /^\(Another (\d+) failed as expected/m.exec(log) ?? [];
  return {
    cases: Number(cases) + Number(notRun),
    passed: Number(passed),
    failed: Number(failed) + Number(notRun),
    knownFailing: Number(knownFailing),
  };
}

/** Every case that did not pass, in the suite's order. */
export function parseFailures(log: string): Failure[] {
  const blocks = log.matchAll(/^(?:FAILED: (.*?)|INFO: (.*?) failed \(as expected\)):?((?:\n\t.*)*)$/gm);
  return Array.from(blocks, ([, failed, known, text = '']) => ({
    name: failed ?? known ?? '',
    expected: known !== undefined,
    findings: text.split(/\n\t(?:; )?/).filter((finding) => finding !== ''),
  }));
}
