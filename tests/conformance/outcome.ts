/** What a run of the suite said at its end. */
export interface Outcome {
  readonly cases: number;
  readonly passed: number;
  /** Cases that failed unexpectedly, passed although known to fail, or could not be run. */
  readonly failed: number;
  readonly knownFailing: number;
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

/** Each unexpected failure: the case's name, and below it, indented, what was wrong. */
export function failuresOf(log: string): string[] {
  return log.match(/^FAILED: .*(?:\n\t.*)*/gm) ?? [];
}
